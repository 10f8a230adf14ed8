import { once } from 'node:events';
import { createServer } from 'node:http';
import type { TenantEvent } from '@kyong/contracts';
import { isSignedBy } from '@kyong/webhooks';
import { expect, it, onTestFinished } from 'vitest';
import { createEventOutbox } from '../src/adapters/master-database/index.ts';
import { webhook } from '../src/adapters/webhook.ts';
import { relayEvents } from '../src/index.ts';
import { createWorld, drive, newTenantId, request } from './support.ts';

const secret = `whsec_${Buffer.from('a key of some thirty-two bytes..').toString('base64')}`;

async function worldWithEvents(count: number) {
  const world = await createWorld();
  const tenantIds = Array.from({ length: count }, newTenantId);
  for (const tenantId of tenantIds) await drive(await request(world.ports, tenantId, 'free'), world.ports);
  return { ...world, tenantIds, outbox: createEventOutbox(world.pool) };
}

/** What came, and the answer the receiver gives to the nth call. */
async function receiver(answer: (call: number) => number) {
  const received: { event: TenantEvent; genuine: boolean }[] = [];
  const server = createServer(async (request, response) => {
    let payload = '';
    for await (const chunk of request) payload += chunk;
    const sentAt = new Date(Number(request.headers['webhook-timestamp']) * 1000);
    const message = { id: String(request.headers['webhook-id']), sentAt, payload };
    const genuine = isSignedBy(secret, message, String(request.headers['webhook-signature']));
    received.push({ event: JSON.parse(payload).data, genuine });
    response.writeHead(answer(received.length - 1)).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  return {
    received,
    publisher: webhook({ url: `http://127.0.0.1:${port}/events`, secret, now: () => new Date() }),
  };
}

const relay = (outbox: ReturnType<typeof createEventOutbox>, publisher: ReturnType<typeof webhook>) =>
  relayEvents(
    outbox,
    publisher,
    () => 0,
    () => {},
  );

it('sends each event once, signed, oldest first', async () => {
  const { outbox, tenantIds } = await worldWithEvents(3);
  const { received, publisher } = await receiver(() => 204);
  expect(await relay(outbox, publisher)).toBe(3);
  expect(await relay(outbox, publisher)).toBe(0);
  expect(received.map(({ event }) => event.tenantId)).toEqual(tenantIds);
  expect(received.every(({ genuine, event }) => genuine && event.type === 'TenantProvisioned')).toBe(true);
});

it('tries again what was not taken over, under the same id', async () => {
  const { outbox } = await worldWithEvents(1);
  const { received, publisher } = await receiver((call) => (call < 2 ? 500 : 200));
  for (let turn = 0; turn < 4; turn += 1) await relay(outbox, publisher);
  expect(received).toHaveLength(3);
  expect(new Set(received.map(({ event }) => event.eventId)).size).toBe(1);
});

it('of several relays at once each event goes to one', async () => {
  const { outbox } = await worldWithEvents(5);
  const { received, publisher } = await receiver(() => 200);
  await Promise.all(Array.from({ length: 5 }, () => relay(outbox, publisher)));
  expect(received).toHaveLength(5);
});

it('an event of a relay that died goes out when its time is over', async () => {
  const { outbox, pool } = await worldWithEvents(1);
  const { received, publisher } = await receiver(() => 200);
  expect(await outbox.takeDue(1, 300)).toHaveLength(1);
  expect(await relay(outbox, publisher)).toBe(0);
  await pool.query("UPDATE outbox SET next_attempt_at = now() - interval '1 second'");
  expect(await relay(outbox, publisher)).toBe(1);
  expect(received).toHaveLength(1);
});

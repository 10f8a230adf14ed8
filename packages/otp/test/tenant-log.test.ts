import { randomUUID } from 'node:crypto';
import { TenantPools } from '@kyong/postgres';
import { tenantMigrations } from '@kyong/tenancy/adapters/tenant-schema';
import { createTestDatabase } from '@kyong/testing';
import { expect, onTestFinished, test } from 'vitest';
import { searchLog, tenantLog } from '../src/adapters/tenant-database/index.ts';
import {
  type LogEntry,
  type LogReport,
  type ReceiptReport,
  type SendReport,
  TenantUnknown,
  type VerifiedReport,
} from '../src/index.ts';

async function createLog() {
  const { connection, pool } = await createTestDatabase(tenantMigrations);
  const unknown = new Error('no such tenant');
  const pools = new TenantPools({
    connectionOf: async (tenantId) => {
      if (tenantId !== 'gym') throw unknown;
      return connection;
    },
    ...{ maxTenants: 2, maxConnectionsPerTenant: 5, idleTimeoutSeconds: 60, onError: () => {} },
  });
  onTestFinished(() => pools.close());
  const log = tenantLog({ pools, isUnknown: (error) => error === unknown });
  return { log, pool, entries: () => searchLog(pool, { limit: 100 }) };
}

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

function createSend() {
  const entry: LogEntry = {
    ...{ tenantId: 'gym', reference: randomUUID(), channel: 'sms', purpose: 'login' },
    ...{ recipient: '+886912***678', recipientHash: 'hash', requestedAt: at(0) },
  };
  const { tenantId, reference } = entry;
  const queued: SendReport = { kind: 'send', entry, at: at(1), status: 'queued', attempts: 2 };
  const sent: SendReport = {
    ...{ kind: 'send', entry, at: at(2), status: 'sent', attempts: 3, template: 'Short', provider: 'mitake' },
    ...{ providerMessageId: '10', segments: 2, cost: { amount: 1.8, currency: 'TWD' } },
  };
  const delivered: ReceiptReport = { kind: 'receipt', tenantId, reference, at: at(3), status: 'delivered' };
  const verified: VerifiedReport = { kind: 'verified', entry, at: at(4) };
  const complete = {
    ...{ reference, status: 'verified', channel: 'sms', purpose: 'login', recipient: '+886912***678' },
    ...{ template: 'Short', provider: 'mitake', providerMessageId: '10', attempts: 3, segments: 2 },
    ...{ cost: { amount: 1.8, currency: 'TWD' }, failure: null },
    ...{ requestedAt: at(0), sentAt: at(2), deliveredAt: at(3), verifiedAt: at(4) },
  };
  return { entry, queued, sent, delivered, verified, complete };
}

/** Every order of a few things. */
function orders<T>(things: T[]): T[][] {
  if (things.length < 2) return [things];
  return things.flatMap((thing, n) => orders(things.toSpliced(n, 1)).map((rest) => [thing, ...rest]));
}

test('reports make the same entry in any order, one by one or together, once or twice', async () => {
  const { log, entries, pool } = await createLog();
  for (const order of orders([0, 1, 2, 3])) {
    const send = createSend();
    const reports: LogReport[] = order.flatMap(
      (n) => [send.queued, send.sent, send.delivered, send.verified][n] ?? [],
    );
    const waiting: LogReport[] = [];
    for (const report of [...reports, ...reports]) waiting.push(...(await log.record('gym', [report])));
    await log.record('gym', waiting);
    expect(await entries()).toEqual([send.complete]);
    await pool.query('DELETE FROM otp_log');

    expect(await log.record('gym', [...reports, ...reports])).toEqual([]);
    expect(await entries()).toEqual([send.complete]);
    await pool.query('DELETE FROM otp_log');
  }
});

test('a failure that was none in the end leaves no reason behind', async () => {
  const { log, entries } = await createLog();
  const { sent } = createSend();
  await log.record('gym', [{ ...sent, status: 'failed', failure: 'providers_unavailable' }]);
  expect(await entries()).toMatchObject([{ status: 'failed', failure: 'providers_unavailable' }]);
  await log.record('gym', [sent]);
  expect(await entries()).toMatchObject([{ status: 'sent', failure: null }]);
});

test('a receipt for a send that is not there comes back; what it says of the cost holds', async () => {
  const { log, entries } = await createLog();
  const { sent, delivered } = createSend();
  expect(await log.record('gym', [delivered])).toEqual([delivered]);
  await log.record('gym', [sent, { ...delivered, cost: { amount: 0.06, currency: 'USD' } }]);
  await log.record('gym', [sent]);
  expect(await entries()).toMatchObject([{ cost: { amount: 0.06, currency: 'USD' } }]);
});

test('writers that write the same entries at once do not stop each other', async () => {
  const { log, entries } = await createLog();
  const sends = Array.from({ length: 50 }, createSend);
  const sent = sends.map((send) => send.sent);
  const verified = sends.map((send) => send.verified);
  await Promise.all([
    ...[sent, verified, sent.toReversed(), verified.toReversed()].map((list) => log.record('gym', list)),
  ]);
  const found = await entries();
  expect(found).toHaveLength(50);
  expect(new Set(found.map(({ status }) => status))).toEqual(new Set(['verified']));
});

test('a tenant that does not exist is told from one that is away', async () => {
  const { log, pool } = await createLog();
  await expect(log.record('nobody', [createSend().sent])).rejects.toThrow(TenantUnknown);
  await pool.query('DROP TABLE otp_log');
  await expect(log.record('gym', [createSend().sent])).rejects.not.toThrow(TenantUnknown);
});

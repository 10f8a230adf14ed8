import { randomUUID } from 'node:crypto';
import { createSigningKey, loadSigningKeys } from '@kyong/identity/adapters/signing-keys';
import type { Socket } from 'socket.io-client';
import * as Y from 'yjs';
import type { Fault } from '../fault.ts';
import { pick, type Random } from '../random.ts';
import { RawIntruder, SqlIntruder } from './intruders.ts';
import { World } from './world.ts';

const victim = 'gym-b';
const secret = 'only for gym-b';
const atOnce = 8;

/** Somebody of one gym tries everything to see, or touch, a document of another. */
export const crossTenantAttempts: Fault = {
  name: 'attempts to reach another tenant',
  run: async (stage) => {
    const attempts = stage.scale === 'full' ? 10_000 : 150;
    await using world = await World.start(stage, {
      ...{ redis: 'single', servers: 2 },
      limits: { events: { burst: 1e6, perSecond: 1e6 }, joins: { burst: 1e6, perSecond: 1e6 } },
    });
    const victimToken = await world.token(victim);
    const documentId = await world.createDocument(victimToken);
    const session = await world.client(victimToken).open(documentId);
    await session.synced();
    session.doc.getText('secret').insert(0, secret);
    session.awareness.setLocalState({ secret });
    const moving = setInterval(() => {
      session.doc.getArray('noise').push([secret]);
      session.awareness.setLocalState({ secret, at: Math.random() });
    }, 20);

    const tokens = await forgedTokens(world, documentId);
    const counts = { leaks: 0, accepted: 0 };
    const watch = (text: unknown) => {
      if (contains(text, secret)) counts.leaks += 1;
    };
    const ownToken = await world.token('gym-a');
    let begun = 0;
    const run = async () => {
      const raw = new RawIntruder(world, ownToken, watch);
      await using sql = new SqlIntruder(world.configuration.tenants, watch);
      let socket: Socket | undefined;
      while (begun < attempts) {
        const n = begun++;
        if (!socket?.connected) {
          socket = await world.socket(ownToken);
          socket.onAny((...args) => watch(args));
        }
        const ways = [
          () => attemptHttp(world, stage.random, [ownToken, ...tokens], documentId, watch),
          () => attemptToken(world, pick(tokens, stage.random), documentId, watch),
          () => attemptEvent(socket as Socket, stage.random, documentId, watch),
          () => raw.attempt(stage.random, documentId),
          () => sql.attempt(stage.random),
        ];
        if (await ways[n % ways.length]?.()) counts.accepted += 1;
      }
      socket?.disconnect();
      raw.close();
    };
    await Promise.all(Array.from({ length: atOnce }, run));
    clearInterval(moving);
    const text = session.doc.getText('secret').toString();
    return {
      injected: `${attempts} attempts with forged ids, rooms, tokens, events, raw frames, requests and SQL, beside a document that is edited`,
      counts: { ...counts, 'changes of the document': text === secret ? 0 : 1 },
      held: counts.leaks === 0 && counts.accepted === 0 && text === secret,
    };
  },
};

/** Tokens that say they are of the other gym, and are not ours, or not any more. */
async function forgedTokens(world: World, documentId: string): Promise<string[]> {
  const good = await world.token('gym-a');
  const [header = '', payload = '', signature = ''] = good.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const asVictim = encode({ ...claims, tenant: victim });
  const theirs = await loadSigningKeys([await createSigningKey(new Date())], {
    ...{ issuer: 'https://kyo.test', audience: 'kyo', now: () => new Date() },
  });
  return [
    `${header}.${asVictim}.${signature}`,
    `${encode({ alg: 'none', typ: 'at+jwt' })}.${asVictim}.`,
    await theirs.sign({ sub: 'x', tenant: victim, roles: ['gym_owner'], scope: 'session' }, 900),
    await world.token(victim, { seconds: -60 }),
    `${good}.${documentId}`,
    '',
  ];
}

async function attemptHttp(
  world: World,
  random: Random,
  tokens: string[],
  documentId: string,
  watch: (text: unknown) => void,
): Promise<boolean> {
  const paths = [
    '',
    '/history',
    '/roles',
    '/comments',
    `/roles/${randomUUID()}`,
    '/restore',
    `?tenant=${victim}`,
  ];
  const path = paths[Math.floor(random() * paths.length)] ?? '';
  const token = tokens[Math.floor(random() * tokens.length)] ?? '';
  const method = path === '/restore' ? 'POST' : path.startsWith('/roles/') ? 'PUT' : 'GET';
  const answer = await fetch(`${world.balancer.url}/api/collaboration/documents/${documentId}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      'x-tenant-id': victim,
      ...(method !== 'GET' && { 'content-type': 'application/json' }),
    },
    ...(method !== 'GET' && { body: JSON.stringify({ role: 'owner', versionId: randomUUID() }) }),
  });
  watch(await answer.text());
  return answer.status < 400;
}

async function attemptToken(
  world: World,
  token: string,
  documentId: string,
  watch: (text: unknown) => void,
): Promise<boolean> {
  try {
    const socket = await world.socket(token);
    watch(await socket.timeout(1_000).emitWithAck('document:join', { documentId }));
    socket.disconnect();
    return true;
  } catch {
    return false;
  }
}

async function attemptEvent(
  socket: Socket,
  random: Random,
  documentId: string,
  watch: (text: unknown) => void,
): Promise<boolean> {
  const edit = new Y.Doc();
  edit.getText('secret').insert(0, 'overwritten ');
  const update = Y.encodeStateAsUpdate(edit);
  const ids = [
    documentId,
    `${victim}/${documentId}`,
    `../${victim}/${documentId}`,
    `tenant:${victim}:${documentId}`,
  ];
  const id = random() < 0.7 ? documentId : ids[Math.floor(random() * ids.length)];
  const events: [string, object][] = [
    ['document:join', { documentId: id }],
    ['document:join', { documentId: id, tenantId: victim, tenant: victim, role: 'owner' }],
    ['document:update', { documentId: id, update }],
    ['document:sync', { documentId: id, stateVector: new Uint8Array([0]) }],
    ['awareness:update', { documentId: id, update: new Uint8Array([0]) }],
    ['document:roles', { tenantId: victim, documentId: id }],
    ['join', { room: `tenant:${victim}:${id}` }],
  ];
  const [event, payload] = events[Math.floor(random() * events.length)] ?? ['join', {}];
  const known = event.includes(':') && event !== 'document:roles';
  try {
    const answer = await socket.timeout(known ? 2_000 : 20).emitWithAck(event, payload);
    watch(answer);
    return answer.ok === true;
  } catch {
    return false;
  }
}

function contains(value: unknown, text: string): boolean {
  if (value instanceof Uint8Array) return Buffer.from(value).includes(text);
  if (Array.isArray(value)) return value.some((item) => contains(item, text));
  if (typeof value === 'object' && value !== null) return contains(Object.values(value), text);
  return typeof value === 'string' && value.includes(text);
}

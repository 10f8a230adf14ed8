import { randomUUID } from 'node:crypto';
import { createTestDatabase } from '@kyong/testing';
import { expect, it } from 'vitest';
import { createMasterDatabase, masterMigrations } from '../src/adapters/master-database/index.ts';
import { openAs } from './program-pool.ts';

const first = '00000000-0000-4000-8000-000000000000';

async function createMaster() {
  const { pool, connection } = await createTestDatabase(masterMigrations);
  const store = createMasterDatabase((await openAs('driver', connection)).pool);
  await pool.query(
    `INSERT INTO tenants (id, name, plan, placement, status, region, owner_id)
     VALUES ('iron-temple', 'Iron', 'free', 'shared', 'active', 'ap-northeast-1', 'test')`,
  );
  const person = async (age = '1 year') => {
    const id = randomUUID();
    await pool.query('INSERT INTO users (id, created_at) VALUES ($1, now() - $2::interval)', [id, age]);
    await pool.query("INSERT INTO user_addresses (address, channel, user_id) VALUES ($1, 'email', $2)", [
      `${id}@example.com`,
      id,
    ]);
    return id;
  };
  const session = (userId: string, expires: string, revoked: string | null = null) =>
    pool.query(
      `INSERT INTO sessions (id, user_id, scope, token_hash, expires_at, revoked_at)
       VALUES (gen_random_uuid(), $1, 'session', '', now() + $2::interval, now() + $3::interval)`,
      [userId, expires, revoked],
    );
  const count = async (table: string) => (await pool.query(`SELECT FROM ${table}`)).rowCount;
  return { pool, store, person, session, count };
}

it('people who belong to no gym and do not come are forgotten, with their addresses; others are not', async () => {
  const { pool, store, person, session, count } = await createMaster();
  const [, member, invited, present, admin, owner] = [
    await person(),
    await person(),
    await person(),
    await person(),
    await person(),
    await person(),
  ];
  const young = await person('30 days');
  await session(present, '1 day');
  const join =
    "INSERT INTO memberships (user_id, tenant_id, role, accepted_at) VALUES ($1, 'iron-temple', 'member', $2)";
  await pool.query(join, [member, new Date()]);
  await pool.query(join, [invited, null]);
  await pool.query('UPDATE users SET platform_admin = true WHERE id = $1', [admin]);
  await pool.query("UPDATE tenants SET owner_id = $1 WHERE id = 'iron-temple'", [owner]);
  expect(await store.forgetWhatIsOver(first)).toEqual({ users: 1 });
  const { rows } = await pool.query<{ id: string }>('SELECT id FROM users');
  expect(new Set(rows.map(({ id }) => id))).toEqual(new Set([member, invited, present, admin, owner, young]));
  expect(await count('user_addresses')).toBe(6);

  await pool.query("UPDATE memberships SET created_at = now() - interval '91 days'");
  // The invitation is over, and with it the person.
  expect(await store.forgetWhatIsOver(first)).toEqual({ memberships: 1, users: 1 });
  expect(rows.length - 1).toBe(await count('users'));
});

it('sessions, ended access and keys of requests are forgotten when they are over, and kept while they are not', async () => {
  const { pool, store, person, session, count } = await createMaster();
  const ann = await person('1 day');
  await session(ann, '-25 hours');
  await session(ann, '-23 hours');
  await session(ann, '1 day', '-25 hours');
  await session(ann, '1 day', '-23 hours');
  for (const age of ['25 hours', '23 hours'])
    await pool.query(
      "INSERT INTO ended_access (user_id, tenant_id, ended_at) VALUES ($1, 'iron-temple', now() - $2::interval)",
      [ann, age],
    );
  const operation = randomUUID();
  await pool.query(
    "INSERT INTO operations (id, tenant_id, kind, input, actor) VALUES ($1, 'iron-temple', 'suspend', '{}', 'test')",
    [operation],
  );
  for (const age of ['8 days', '6 days'])
    await pool.query(
      "INSERT INTO idempotency_keys (caller, key, request_hash, operation_id, created_at) VALUES ('ann', $1, '', $2, now() - $1::text::interval)",
      [age, operation],
    );
  expect(await store.forgetWhatIsOver(first)).toEqual({ sessions: 2, ended_access: 1, idempotency_keys: 1 });
  expect(await store.forgetWhatIsOver(first)).toEqual({});
  for (const [table, left] of [
    ['sessions', 2],
    ['ended_access', 1],
    ['idempotency_keys', 1],
  ] as const)
    expect(await count(table), table).toBe(left);
});

import { withConnection } from '@kyong/postgres';
import { expect, it } from 'vitest';
import { copiedTables } from '../src/adapters/logical-replication/tables.ts';
import { requestMove } from '../src/index.ts';
import {
  adminOf,
  askConfirm,
  askMove,
  copyTraces,
  drawNumbers,
  expectBeyond,
  startSharedServer,
  tenantOf,
  withSequences,
} from './relocation-support.ts';
import { accessOf, createWorld, drive, newTenantId, operator, request } from './support.ts';

async function onTwoSharedServers() {
  const other = await startSharedServer('shared-2');
  const world = await createWorld({ otherShared: [other] });
  const tenantId = newTenantId();
  const { hosts } = world.ports;
  const shared = { ...hosts.shared, chooseInstance: async () => other.instanceId };
  await drive(await request(world.ports, tenantId, 'free'), { ...world.ports, hosts: { ...hosts, shared } });
  return { world, other, tenantId, admins: [world.shared, await other.admin()] };
}

it('takes a tenant to another shared server and back, with every row', async () => {
  const { world, tenantId, admins } = await onTwoSharedServers();
  const before = await tenantOf(world, tenantId);
  const source = await adminOf(world, before);
  await withConnection(source, (client) =>
    client.query(`
      CREATE TABLE visits (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text, at timestamptz DEFAULT now());
      INSERT INTO visits (note) SELECT repeat(i::text, 20) FROM generate_series(1, 500) i`),
  );
  // A table that came by no migration is on the source alone: that is no copy.
  const refused = await drive(await askMove(world.ports, tenantId), world.ports);
  expect(refused.status).toBe('compensated');
  expect(await copyTraces(admins, tenantId)).toEqual([]);
  expect(await tenantOf(world, tenantId)).toEqual(before);

  await withConnection(source, (client) => client.query('DROP TABLE visits'));
  await withConnection(source, (client) => client.query("UPDATE gym SET name = 'Iron', locale = 'en'"));
  for (const [instanceId, expected] of [
    ['shared-1', 'shared-1'],
    [undefined, 'shared-2'],
  ] as const) {
    const operation = await drive(await askMove(world.ports, tenantId, instanceId), world.ports);
    expect(operation.status, operation.error ?? '').toBe('succeeded');
    const after = await tenantOf(world, tenantId);
    expect(after).toMatchObject({ plan: 'free', status: 'active', reservation: { instanceId: expected } });
    const { rows } = await withConnection(await adminOf(world, after), (client) =>
      client.query('SELECT tenant_id, name, locale FROM gym'),
    );
    expect(rows).toEqual([{ tenant_id: tenantId, name: 'Iron', locale: 'en' }]);
    expect(await copyTraces(admins, tenantId)).toEqual([]);
  }
  // Two of its databases are on one server now, under names of their own.
  await drive(await askConfirm(world.ports, tenantId), world.ports);
  expect(await world.ports.store.findSecondDatabases(tenantId)).toEqual([]);
  const { rows } = await world.pool.query(
    "SELECT count(*)::int AS moved FROM outbox WHERE type = 'TenantMoved'",
  );
  expect(rows).toEqual([{ moved: 2 }]);
});

it('goes on counting where the tenant was: after a move, and after one that went back', async () => {
  const { world: plain, tenantId } = await onTwoSharedServers();
  const world = withSequences(plain);
  const before = await tenantOf(world, tenantId);
  const admin = await adminOf(world, before);
  await world.ports.database.migrate(admin, before.reservation?.roleName ?? '');
  // Numbers that were given out elsewhere: this one has yet to begin.
  await withConnection(admin, (client) => client.query("SELECT setval('invoices', 7000, false)"));
  const first = await drawNumbers(world, tenantId);

  const { copies } = world.ports;
  const refused = await drive(await askMove(world.ports, tenantId), {
    ...world.ports,
    copies: { ...copies, compare: async () => Promise.reject(new Error('connect ECONNREFUSED db.internal')) },
  });
  expect(refused.status).toBe('compensated');
  const second = await drawNumbers(world, tenantId);
  expectBeyond(second, first);

  for (const invoice of ['7000', '7001']) {
    const operation = await drive(await askMove(world.ports, tenantId), world.ports);
    expect(operation.status, operation.error ?? '').toBe('succeeded');
    const { rows } = await withConnection(await accessOf(world, tenantId), (client) =>
      client.query("SELECT nextval('invoices')"),
    );
    expect(rows).toEqual([{ nextval: invoice }]);
  }
  expectBeyond(await drawNumbers(world, tenantId), second);
});

it('is refused for a tenant with a server of its own, to a server that is not there, and to the one it is on', async () => {
  const { world, tenantId } = await onTwoSharedServers();
  const { store } = world.ports;
  expect(await requestMove('nobody', undefined, operator, store)).toEqual({ outcome: 'unknown' });
  const dedicated = newTenantId();
  await drive(await request(world.ports, dedicated, 'basic'), world.ports);
  expect(await requestMove(dedicated, undefined, operator, store)).toEqual({ outcome: 'not-shared' });
  for (const [instanceId, reason] of [
    ['shared-9', /no shared database server of this name/],
    ['shared-2', /no other shared database server/],
  ] as const) {
    const operation = await drive(await askMove(world.ports, tenantId, instanceId), world.ports);
    expect(operation.status).toBe('compensated');
    expect(operation.error).toMatch(reason);
  }
});

it('shows the password of the copy in no log, though every statement is logged and one fails', async () => {
  const { world, other, tenantId } = await onTwoSharedServers();
  const { copies } = world.ports;
  const admin = await other.admin();
  await drive(await askMove(world.ports, tenantId, 'shared-1'), world.ports);
  await withConnection(admin, async (client) => {
    await client.query("ALTER SYSTEM SET log_statement = 'all'");
    await client.query('SELECT pg_reload_conf()');
  });

  // An error tells its statement.
  const failing: typeof copies.start = async (ends) => {
    await withConnection(ends.target, (client) =>
      client.query(`
        CREATE OR REPLACE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''not now''; END';
        DROP EVENT TRIGGER IF EXISTS refuse;
        CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('CREATE SUBSCRIPTION') EXECUTE FUNCTION refuse()`),
    );
    await copies.start(ends);
  };
  const failed = await drive(await askMove(world.ports, tenantId, 'shared-2'), {
    ...world.ports,
    copies: { ...copies, start: failing },
  });
  expect(failed.status).toBe('compensated');

  const passwords = new Set<string>();
  const progress: typeof copies.progress = async (ends) => {
    const { rows } = await withConnection(admin, (client) =>
      client.query<{ password: string }>(
        "SELECT substring(subconninfo from 'password=''([^'']+)''') AS password FROM pg_subscription",
      ),
    );
    for (const { password } of rows) passwords.add(password);
    return copies.progress(ends);
  };
  const moved = await drive(await askMove(world.ports, tenantId, 'shared-2'), {
    ...world.ports,
    copies: { ...copies, progress },
  });
  expect(moved.status).toBe('succeeded');

  const [password = '', ...others] = passwords;
  expect(others).toEqual([]);
  expect(password).toMatch(/^[\w-]{43}$/);
  const log = other.log();
  expect(log).toContain('not now');
  expect(
    log.split('\n').filter((line) => line.includes(password) || /password='[\w-]{20}/.test(line)),
  ).toEqual([]);
});

it('can copy every table there is: each has a primary key', async () => {
  const { world, tenantId } = await onTwoSharedServers();
  const tables = await withConnection(await adminOf(world, await tenantOf(world, tenantId)), copiedTables);
  expect(tables.length).toBeGreaterThan(2);
  expect(tables.filter(({ hasPrimaryKey }) => !hasPrimaryKey)).toEqual([]);
});

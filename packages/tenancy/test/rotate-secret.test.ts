import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, withConnection } from '@kyong/postgres';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openTenantAccess } from '../src/adapters/tenant-access.ts';
import { advance, OperationRefused, type Ports, requestOperation } from '../src/index.ts';
import { crashingPorts } from './crashing-ports.ts';
import {
  createWorld,
  dieAt,
  drive,
  driver,
  newTenantId,
  operator,
  planOf,
  request,
  traces,
  type World,
} from './support.ts';

const placements = ['shared', 'dedicated'] as const;
const retired = { code: '28P01' };

async function provisioned({ ports }: World, placement: (typeof placements)[number]): Promise<string> {
  const tenantId = newTenantId();
  await drive(await request(ports, tenantId, planOf[placement]), ports);
  return tenantId;
}

async function ask({ ports }: World, kind: 'rotate-secret' | 'suspend' | 'resume', tenantId: string) {
  const result = await requestOperation(kind, tenantId, {}, operator, ports.store);
  if (result.outcome !== 'accepted') throw new Error(result.outcome);
  return result.operationId;
}

async function accessOf({ ports }: World, tenantId: string): Promise<Connection> {
  const tenant = await ports.store.findTenant(tenantId);
  if (!tenant?.reservation || !tenant.endpoint) throw new Error('not provisioned');
  const { databaseName: database, roleName: user, secretRef } = tenant.reservation;
  const { host, port } = tenant.endpoint;
  return { host, port, database, user, password: await ports.secrets.read(secretRef) };
}

const canWork = (access: Connection) =>
  withConnection(access, (client) => client.query('UPDATE gym SET name = name'));

/** A tenant of the first days, whose rights hang on its login. */
async function asInTheFirstDays({ ports }: World, tenantId: string): Promise<void> {
  const { reservation } = (await ports.store.findTenant(tenantId)) ?? {};
  if (!reservation) throw new Error('not provisioned');
  const admin = await ports.hosts[reservation.placement].adminConnection(reservation);
  const [role, group] = [reservation.roleName, `${reservation.databaseName}__rights`];
  await withConnection(admin, (client) =>
    client.query(`
      GRANT CONNECT, TEMPORARY ON DATABASE ${reservation.databaseName} TO ${role};
      GRANT USAGE ON SCHEMA public TO ${role};
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role};
      GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO ${role};
      DROP OWNED BY ${group};
      DROP ROLE ${group}`),
  );
}

describe.each(placements)("rotating a %s tenant's secret", (placement) => {
  it('opens a new way in and closes the old one; each rotation finds the other login free', async () => {
    const world = await createWorld();
    const tenantId = await provisioned(world, placement);
    const seen = [await accessOf(world, tenantId)];
    for (let rotation = 0; rotation < 3; rotation += 1) {
      await drive(await ask(world, 'rotate-secret', tenantId), world.ports);
      const access = await accessOf(world, tenantId);
      await canWork(access);
      for (const old of seen) await expect(canWork(old)).rejects.toMatchObject(retired);
      seen.push(access);
    }
    expect(new Set(seen.map(({ user }) => user)).size).toBe(2);
    expect(new Set(seen.map(({ password }) => password)).size).toBe(4);
    await world.ports.hosts[placement].destroy(
      (await world.ports.store.findTenant(tenantId))?.reservation ?? expect.fail(),
      'undo',
    );
    expect((await traces(world, tenantId)).filter((name) => !name.endsWith('.secret'))).toEqual([]);
  });

  it('brings over a tenant whose rights hang on its login', async () => {
    const world = await createWorld();
    const tenantId = await provisioned(world, placement);
    await asInTheFirstDays(world, tenantId);
    await canWork(await accessOf(world, tenantId));
    await drive(await ask(world, 'rotate-secret', tenantId), world.ports);
    await canWork(await accessOf(world, tenantId));
  });

  it('fails no query under load', async () => {
    const world = await createWorld();
    const ports = { ...world.ports, lifecycle: { ...world.ports.lifecycle, secretGraceSeconds: 1 } };
    const tenantId = await provisioned(world, placement);
    await asInTheFirstDays(world, tenantId);
    const access = openTenantAccess({
      store: ports.store,
      secrets: ports.secrets,
      master: world.connection,
      now: ports.now,
      onError: () => {},
    });
    onTestFinished(() => access.close());

    const counts = { served: 0, failed: [] as unknown[] };
    const users = new Set<string>();
    let over = false;
    const work = async () => {
      while (!over) {
        await access.pools
          .use(tenantId, async (pool) => {
            const { rows } = await pool.query(
              'SELECT current_user AS user, pg_sleep(random() * 0.05) FROM gym',
            );
            users.add(rows[0]?.user);
            counts.served += 1;
          })
          .catch((error: unknown) => counts.failed.push(error));
      }
    };
    const workers = Array.from({ length: 6 }, work);
    for (let rotation = 0; rotation < 2; rotation += 1) {
      const served = counts.served;
      await driveInTime(await ask(world, 'rotate-secret', tenantId), ports);
      expect(counts.served).toBeGreaterThan(served + 50);
    }
    over = true;
    await Promise.all(workers);
    expect(counts.failed).toEqual([]);
    expect(users.size).toBe(2);
  });

  it('finishes wherever its driver dies, and leaves one login and one secret', async () => {
    const world = await createWorld();
    const tenantId = await provisioned(world, placement);
    const counting = crashingPorts(world.ports);
    await drive(await ask(world, 'rotate-secret', tenantId), counting.ports);
    expect(counting.calls()).toBeGreaterThan(15);
    for (let call = 0; call < counting.calls(); call += 1) {
      const old = await accessOf(world, tenantId);
      const operationId = await ask(world, 'rotate-secret', tenantId);
      await dieAt(operationId, world.ports, { call, when: 'after' });
      await drive(operationId, world.ports);
      expect((await world.ports.store.findOperation(operationId))?.status).toBe('succeeded');
      await canWork(await accessOf(world, tenantId));
      await expect(canWork(old)).rejects.toMatchObject(retired);
      expect((await traces(world, tenantId)).filter((name) => name.endsWith('.secret'))).toHaveLength(1);
    }
  });

  it('undone, leaves the old way in and nothing of the new one, wherever its driver dies', async () => {
    const world = await createWorld();
    const tenantId = await provisioned(world, placement);
    const switchLogin = async () => {
      throw new OperationRefused('Not today.');
    };
    const failing: Ports = { ...world.ports, store: { ...world.ports.store, switchLogin } };
    const before = await traces(world, tenantId);
    const counting = crashingPorts(failing);
    await drive(await ask(world, 'rotate-secret', tenantId), counting.ports);
    for (let call = 0; call < counting.calls(); call += 2) {
      const operationId = await ask(world, 'rotate-secret', tenantId);
      await dieAt(operationId, failing, { call, when: 'after' });
      await drive(operationId, failing);
      expect((await world.ports.store.findOperation(operationId))?.status).toBe('compensated');
      expect((await world.ports.store.findTenant(tenantId))?.status).toBe('active');
      await canWork(await accessOf(world, tenantId));
      expect(await traces(world, tenantId)).toEqual(before);
    }
  });

  it('a suspension shuts out both logins', async () => {
    const world = await createWorld();
    const tenantId = await provisioned(world, placement);
    const first = await accessOf(world, tenantId);
    // A rotation in its grace time: both are good.
    const unending = { ...world.ports, lifecycle: { ...world.ports.lifecycle, secretGraceSeconds: 1e6 } };
    const rotation = await ask(world, 'rotate-secret', tenantId);
    for (let turn = 0; turn < 6; turn += 1) await advance(rotation, unending, driver);
    const second = await accessOf(world, tenantId);
    for (const access of [first, second]) await canWork(access);

    const { reservation } = (await world.ports.store.findTenant(tenantId)) ?? {};
    if (!reservation) throw new Error('not provisioned');
    const admin = await world.ports.hosts[placement].adminConnection(reservation);
    await world.ports.database.closeRole(admin, reservation.roleName);
    for (const access of [first, second]) await expect(canWork(access)).rejects.toThrow(/not permitted/);
    await world.ports.database.openRole(admin, reservation.roleName);
    for (const access of [first, second]) await canWork(access);
  });
});

it('is refused where the tenant is shut out', async () => {
  const world = await createWorld();
  const tenantId = await provisioned(world, 'shared');
  await drive(await ask(world, 'suspend', tenantId), world.ports);
  await expect(ask(world, 'rotate-secret', tenantId)).rejects.toThrow('conflict');
});

/** Advances an operation to its end, and waits as long as it says. */
async function driveInTime(operationId: string, ports: Ports): Promise<void> {
  for (;;) {
    const result = await advance(operationId, ports, driver);
    if (result.status === 'done') return;
    await sleep(result.afterSeconds * 1000);
  }
}

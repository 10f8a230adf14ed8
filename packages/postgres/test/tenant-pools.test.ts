import { createTestDatabase, eventually } from '@kyong/testing';
import { expect, it, onTestFinished } from 'vitest';
import { TenantPools, TenantPoolsExhausted } from '../src/index.ts';

async function createPools(limits: { maxTenants: number; idleTimeoutSeconds?: number }) {
  const { connection, pool: administration } = await createTestDatabase();
  const errors: Error[] = [];
  const pools = new TenantPools({
    connectionOf: async (tenantId) => {
      if (tenantId === 'unknown') throw new Error('no such tenant');
      return connection;
    },
    maxConnectionsPerTenant: 3,
    idleTimeoutSeconds: 60,
    onError: (error) => errors.push(error),
    ...limits,
  });
  onTestFinished(() => pools.close());
  const connections = async () => {
    const { rows } = await administration.query<{ count: number }>(
      'SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
    return rows[0]?.count ?? 0;
  };
  return { pools, connections, errors };
}

const query = (pools: TenantPools, tenantId: string, sql = 'SELECT 1') =>
  pools.use(tenantId, (pool) => pool.query(sql));

it('holds no more tenants than it may, and no more connections a tenant', async () => {
  const { pools, connections } = await createPools({ maxTenants: 4 });
  for (let round = 0; round < 3; round += 1) {
    for (let tenant = 0; tenant < 10; tenant += 1) {
      await Promise.all(
        Array.from({ length: 8 }, () => query(pools, `tenant-${tenant}`, 'SELECT pg_sleep(0.002)')),
      );
      expect(pools.size).toBeLessThanOrEqual(4);
    }
  }
  await eventually(async () => expect(await connections()).toBeLessThanOrEqual(4 * 3));
});

it('never closes a pool under its user, and refuses when all are in use', async () => {
  const { pools } = await createPools({ maxTenants: 2 });
  const gate = Promise.withResolvers<void>();
  const users = ['a', 'b'].map((tenantId) =>
    pools.use(tenantId, async (pool) => {
      await gate.promise;
      return pool.query('SELECT 1');
    }),
  );
  await expect(query(pools, 'c')).rejects.toThrow(TenantPoolsExhausted);
  pools.evict('a');
  gate.resolve();
  await expect(Promise.all(users)).resolves.toHaveLength(2);
  await expect(query(pools, 'c')).resolves.toBeDefined();
});

it('closes a pool that nobody uses', async () => {
  const { pools, connections } = await createPools({ maxTenants: 2, idleTimeoutSeconds: 0.05 });
  await query(pools, 'a');
  await eventually(async () => expect([pools.size, await connections()]).toEqual([0, 0]));
});

it('asks again for a tenant it could not find', async () => {
  const { pools } = await createPools({ maxTenants: 2 });
  await expect(query(pools, 'unknown')).rejects.toThrow('no such tenant');
  expect(pools.size).toBe(0);
});

it('asks again where a database is that cannot be reached there', async () => {
  const { connection } = await createTestDatabase();
  let port = 1;
  const pools = new TenantPools({
    connectionOf: async () => ({ ...connection, port }),
    ...{ maxTenants: 2, maxConnectionsPerTenant: 2, idleTimeoutSeconds: 60, onError: () => {} },
  });
  onTestFinished(() => pools.close());
  await expect(query(pools, 'a')).rejects.toThrow('ECONNREFUSED');
  port = connection.port;
  await expect(query(pools, 'a')).resolves.toBeDefined();
});

it('closes everything in the end', async () => {
  const { pools, connections, errors } = await createPools({ maxTenants: 5 });
  await Promise.all(['a', 'b', 'c'].map((tenantId) => query(pools, tenantId)));
  await pools.close();
  await eventually(async () => expect(await connections()).toBe(0));
  expect(errors).toEqual([]);
});

import { withConnection } from '@kyong/postgres';
import { describe, expect, it } from 'vitest';
import {
  advanceMigration,
  type FleetMigrationStore,
  planMigration,
  requestOperation,
  startMigration,
  UnknownCanaries,
} from '../src/index.ts';
import {
  accessOf,
  begin,
  createFleet,
  type Fleet,
  migrateAll,
  migrated,
  migrator,
  newVersion,
  query,
  stateOf,
} from './fleet-support.ts';
import { drive, newestVersion, newTenantId, operator, request } from './support.ts';

describe('a migration of the fleet', () => {
  it('brings every tenant to the newest version, and lets their roles at what is new', async () => {
    const fleet = await createFleet(3);
    const report = await migrateAll(fleet, await begin(fleet));
    expect(report).toMatchObject({
      status: 'succeeded',
      counts: { succeeded: 3 },
      failures: [],
      waiting: [],
    });
    for (const tenantId of fleet.tenantIds) expect(await stateOf(fleet, tenantId)).toEqual(migrated);
    expect(await fleet.migration.store.countVersions()).toEqual([{ version: newVersion, tenants: 3 }]);

    const [tenantId = ''] = fleet.tenantIds;
    await withConnection(await accessOf(fleet, tenantId), async (client) => {
      await client.query('INSERT INTO lockers (id) VALUES (1)');
      await expect(client.query('DROP TABLE lockers')).rejects.toThrow('must be owner');
      await expect(client.query('TRUNCATE lockers')).rejects.toThrow('permission denied');
      await expect(client.query('DELETE FROM schema_migrations')).rejects.toThrow('permission denied');
    });
    const { rows } = await fleet.pool.query("SELECT actor, tenant_id FROM audit WHERE action = 'migrate'");
    expect(rows).toHaveLength(3);
  });

  it('gives rights on what is new to a tenant from before they came by themselves', async () => {
    const fleet = await createFleet(1);
    const [tenantId = ''] = fleet.tenantIds;
    const change = 'ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON';
    const group = `"tenant_${tenantId}__rights"`;
    await query(fleet, tenantId, `${change} TABLES FROM ${group}; ${change} SEQUENCES FROM ${group}`);
    expect(await query(fleet, tenantId, 'TABLE pg_default_acl')).toEqual([]);
    await migrateAll(fleet, await begin(fleet));
    await withConnection(await accessOf(fleet, tenantId), (client) => client.query('TABLE lockers'));
  });

  it('goes wave by wave, the canaries first', async () => {
    const fleet = await createFleet(5);
    const canary = fleet.tenantIds[3] ?? '';
    const order: string[][] = [];
    const watched: FleetMigrationStore = {
      ...fleet.migration.store,
      async takeTargets(claim, limit) {
        const targets = await fleet.migration.store.takeTargets(claim, limit);
        order.push(targets.map(({ tenant }) => tenant.id).sort());
        return targets;
      },
    };
    const migrationId = await begin(fleet, { canaries: [canary], concurrency: 1 });
    await migrateAll({ ...fleet, migration: { ...fleet.migration, store: watched } }, migrationId);
    const others = fleet.tenantIds.filter((id) => id !== canary);
    expect(order.filter((ids) => ids.length > 0)).toEqual([[canary], others]);
  });

  it('halts when a canary fails, and touches nobody else', async () => {
    const fleet = await createFleet(3);
    const [canary = '', ...others] = fleet.tenantIds;
    await query(fleet, canary, 'CREATE TABLE lockers ()');
    const report = await migrateAll(fleet, await begin(fleet));
    expect(report).toMatchObject({ status: 'halted', reason: '1 of the canaries failed.' });
    expect(report.failures).toEqual([
      {
        tenantId: canary,
        fromVersion: expect.any(String),
        attempts: 1,
        reason: `${newVersion}: relation "lockers" already exists (42P07).`,
      },
    ]);
    for (const tenantId of others) expect(await stateOf(fleet, tenantId)).toMatchObject({ entries: 0 });
  });

  it('leaves a tenant that fails as it was, reports it, and finishes the others', async () => {
    // The first statement goes through, the second does not: nothing of either may stay.
    const fleet = await createFleet(4, {
      '9001_lockers.sql': 'CREATE TABLE lockers (); CREATE TABLE taken ()',
    });
    const poisoned = fleet.tenantIds[2] ?? '';
    await query(fleet, poisoned, 'CREATE TABLE taken ()');
    const report = await migrateAll(fleet, await begin(fleet));
    expect(report).toMatchObject({ status: 'failed', counts: { succeeded: 3, failed: 1 } });
    expect(report.failures.map(({ tenantId }) => tenantId)).toEqual([poisoned]);
    expect(await stateOf(fleet, poisoned)).toEqual({ entries: 0, lockers: false, recorded: newestVersion });

    // Mended, the next migration takes that one alone.
    await query(fleet, poisoned, 'DROP TABLE taken');
    const next = await migrateAll(fleet, await begin(fleet));
    expect(next).toMatchObject({ status: 'succeeded', counts: { succeeded: 1 } });
  });

  it('halts at more failures than it may have', async () => {
    const fleet = await createFleet(6);
    for (const tenantId of fleet.tenantIds.slice(1)) await query(fleet, tenantId, 'CREATE TABLE lockers ()');
    const report = await migrateAll(fleet, await begin(fleet, { concurrency: 1, maxFailures: 2 }));
    expect(report).toMatchObject({
      status: 'halted',
      reason: '3 tenants failed; 2 were allowed.',
      counts: { succeeded: 1, failed: 3, pending: 2 },
    });
  });

  it('tries a busy tenant again, and reports it when it stays busy', async () => {
    const fleet = await createFleet(3, {
      '9001_lockers.sql': 'ALTER TABLE gym ADD lockers int; CREATE TABLE lockers ()',
    });
    const busy = fleet.tenantIds[1] ?? '';
    await withConnection({ ...fleet.shared, database: `tenant_${busy}` }, async (client) => {
      await client.query('BEGIN; SELECT FROM gym');
      const migrationId = await begin(fleet);
      const report = await migrateAll(fleet, migrationId);
      expect(report).toMatchObject({ status: 'failed', counts: { succeeded: 2, failed: 1 } });
      expect(report.failures).toEqual([
        expect.objectContaining({
          tenantId: busy,
          attempts: 3,
          reason: 'Its tables are in use, or somebody else migrates it. Given up after 3 attempts.',
        }),
      ]);
      await client.query('COMMIT');
    });
    expect(await stateOf(fleet, busy)).toMatchObject({ entries: 0, lockers: false });
    await migrateAll(fleet, await begin(fleet));
    expect(await stateOf(fleet, busy)).toEqual(migrated);
  });

  it('takes in tenants that came meanwhile, and counts out those that left', async () => {
    const fleet = await createFleet(3);
    const migrationId = await begin(fleet);
    const late = newTenantId();
    await drive(await request(fleet.ports, late, 'free'), fleet.ports);
    const left = fleet.tenantIds[2];
    await fleet.pool.query("UPDATE tenants SET status = 'offboarded', instance_id = NULL WHERE id = $1", [
      left,
    ]);
    const report = await migrateAll(fleet, migrationId);
    expect(report).toMatchObject({ status: 'succeeded', counts: { succeeded: 3, skipped: 1 } });
    expect(await stateOf(fleet, late)).toEqual(migrated);
  });
});

describe('one change to a tenant at a time', () => {
  it('a tenant with an operation under way is waited for', async () => {
    const fleet = await createFleet(2);
    const tenantId = fleet.tenantIds[1] ?? '';
    const asked = await requestOperation('suspend', tenantId, {}, operator, fleet.ports.store);
    if (asked.outcome !== 'accepted') throw new Error(asked.outcome);
    const migrationId = await begin(fleet);
    const patient = { ...migrator, retry: { attempts: 3, baseSeconds: 0.3, maxSeconds: 1 } };
    await advanceMigration(migrationId, fleet.migration, patient);
    const waiting = await fleet.migration.store.findMigration(migrationId);
    expect(waiting?.waiting).toEqual([
      expect.objectContaining({ tenantId, reason: 'Its operation suspend is under way.' }),
    ]);
    await drive(asked.operationId, fleet.ports);
    // A suspended tenant may come back: it is migrated like the others.
    expect(await migrateAll(fleet, migrationId)).toMatchObject({ status: 'succeeded' });
    expect(await stateOf(fleet, tenantId)).toEqual(migrated);
  });

  it('an operation is refused while its tenant is being migrated', async () => {
    const fleet = await createFleet(1);
    const [tenantId = ''] = fleet.tenantIds;
    const outcomes: string[] = [];
    const schema = {
      ...fleet.migration.schema,
      async migrate(...args: Parameters<typeof fleet.migration.schema.migrate>) {
        const asked = await requestOperation('suspend', tenantId, {}, operator, fleet.ports.store);
        outcomes.push(asked.outcome);
        return fleet.migration.schema.migrate(...args);
      },
    };
    await migrateAll({ ...fleet, migration: { ...fleet.migration, schema } }, await begin(fleet));
    const afterwards = await requestOperation('suspend', tenantId, {}, operator, fleet.ports.store);
    expect([...outcomes, afterwards.outcome]).toEqual(['migrating', 'accepted']);
  });

  it('of operations and migrations that race, each tenant has one or the other', async () => {
    const fleet = await createFleet(6);
    const migrationId = await begin(fleet, { canaries: 0, concurrency: 8 });
    let together = 0;
    const schema = {
      ...fleet.migration.schema,
      async migrate(...args: Parameters<typeof fleet.migration.schema.migrate>) {
        const { rows } = await fleet.pool.query(
          "SELECT FROM operations o WHERE o.status = 'running' AND o.tenant_id = substr($1, 8)",
          [args[0].database],
        );
        together += rows.length;
        return fleet.migration.schema.migrate(...args);
      },
    };
    const racing = { ...fleet, migration: { ...fleet.migration, schema } };
    const suspensions = Promise.all(
      fleet.tenantIds.map(async (tenantId) => {
        const asked = await requestOperation('suspend', tenantId, {}, operator, fleet.ports.store);
        if (asked.outcome === 'accepted') await drive(asked.operationId, fleet.ports);
      }),
    );
    const report = await migrateAll(racing, migrationId, { retry: { ...migrator.retry, attempts: 1_000 } });
    await suspensions;
    expect([together, report.counts]).toEqual([0, { succeeded: 6 }]);
  });
});

describe('a driver that dies', () => {
  it('at any of its writes: the next one finishes, and no file is applied twice', async () => {
    const fleet = await createFleet(3);
    for (let calls = 0; calls < 9; calls += 1) {
      const migrationId = await begin(fleet);
      const dying = { ...fleet.migration, store: dyingStore(fleet, calls) };
      await advanceMigration(migrationId, dying, { ...migrator, owner: 'dying', leaseSeconds: 0 }).catch(
        () => {},
      );
      const report = await migrateAll(fleet, migrationId);
      expect(report.status, `after ${calls} calls`).toBe('succeeded');
      for (const tenantId of fleet.tenantIds) expect(await stateOf(fleet, tenantId)).toEqual(migrated);
      await backToTheBeginning(fleet);
    }
  });

  it('and was only thought dead: it cannot write any more', async () => {
    const fleet = await createFleet(1);
    const migrationId = await begin(fleet);
    const slow = await fleet.migration.store.claimMigration(migrationId, 'slow', 0);
    if (typeof slow === 'string') throw new Error(slow);
    await migrateAll(fleet, migrationId);
    await expect(fleet.migration.store.recordResults(slow, [])).rejects.toThrow('another driver');
    await expect(fleet.migration.store.takeTargets(slow, 1)).rejects.toThrow('another driver');
  });

  it('several at once: one works, the others wait', async () => {
    const fleet = await createFleet(4);
    const migrationId = await begin(fleet);
    const drivers = ['a', 'b', 'c'].map((owner) => migrateAll(fleet, migrationId, { owner }));
    for (const report of await Promise.all(drivers)) expect(report.status).toBe('succeeded');
    for (const tenantId of fleet.tenantIds) expect(await stateOf(fleet, tenantId)).toEqual(migrated);
  });
});

describe('a plan', () => {
  it('has the canaries first, then waves that grow', async () => {
    const names = Array.from({ length: 250 }, (_, n) => `gym-${String(n).padStart(3, '0')}`);
    const store = { findTenantsBefore: async () => names };
    const schema = { newestVersion: '0009_x' };
    const sizes = async (canaries: number | string[]) =>
      (await planMigration(canaries, store, schema)).waves.map((wave) => wave.length);
    expect(await sizes(1)).toEqual([1, 10, 100, 139]);
    expect(await sizes(0)).toEqual([0, 10, 100, 140]);
    expect(await sizes(['gym-200', 'gym-100'])).toEqual([2, 20, 200, 28]);
    await expect(planMigration(['nobody'], store, schema)).rejects.toThrow(UnknownCanaries);
  });

  it('begins whenever another ends', async () => {
    const fleet = await createFleet(0);
    const { store, schema } = fleet.migration;
    const wish = { canaries: 1, concurrency: 1, maxFailures: 0 };
    const asking = Array.from({ length: 4 }, async () => {
      for (let n = 0; n < 25; n++) await startMigration(wish, operator, store, schema);
    });
    let isOver = false;
    const ending = (async () => {
      while (!isOver)
        await fleet.pool.query(
          "UPDATE fleet_migrations SET status = 'succeeded', finished_at = now() WHERE status = 'running'",
        );
    })();
    await Promise.all(asking).finally(() => {
      isOver = true;
    });
    await ending;
  });

  it('is under way once: whoever asks again finds the same migration', async () => {
    const fleet = await createFleet(1);
    const ask = () =>
      startMigration(
        { canaries: 0, concurrency: 1, maxFailures: 0 },
        operator,
        fleet.migration.store,
        fleet.migration.schema,
      );
    const answers = await Promise.all(Array.from({ length: 5 }, ask));
    expect(new Set(answers.map(({ migrationId }) => migrationId)).size).toBe(1);
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
  });
});

/** Dies at its n-th call; the call itself still has its effect. */
function dyingStore({ migration }: Fleet, calls: number): FleetMigrationStore {
  let left = calls;
  return new Proxy(migration.store, {
    get: (store, name, receiver) => {
      const method = Reflect.get(store, name, receiver) as (...args: unknown[]) => Promise<unknown>;
      return async (...args: unknown[]) => {
        if (left < 0) throw new Error('dead');
        const result = await method(...args);
        left -= 1;
        if (left < 0) throw new Error('dead');
        return result;
      };
    },
  });
}

async function backToTheBeginning(fleet: Fleet): Promise<void> {
  for (const tenantId of fleet.tenantIds) {
    await query(
      fleet,
      tenantId,
      `DROP TABLE lockers; DELETE FROM schema_migrations WHERE name = '${newVersion}'`,
    );
  }
  await fleet.pool.query('UPDATE tenants SET schema_version = $1', [newestVersion]);
}

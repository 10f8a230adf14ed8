import { randomUUID } from 'node:crypto';
import { withConnection } from '@kyong/postgres';
import { createTestDatabase, eventually } from '@kyong/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  createEventOutbox,
  createFleetMigrations,
  createLastEdits,
  createMasterDatabase,
  ensureProgramLogin,
  grantToPrograms,
  masterMigrations,
  nextLoginName,
  programs,
  rights,
} from '../src/adapters/master-database/index.ts';
import { listenForTenantChanges } from '../src/adapters/tenant-changes.ts';
import { relayEvents, requestOperation, requestScheduled } from '../src/index.ts';
import { openAs } from './program-pool.ts';
import { createWorld, drive, newTenantId, operator, request } from './support.ts';

const forbidden = { code: '42501' };
const verbs = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'];

describe.each(programs)('the rights of %s', (program) => {
  it('are those of the table, in every table there is', async () => {
    const { connection, pool } = await createTestDatabase(masterMigrations);
    await openAs(program, connection);
    const { rows } = await pool.query<{ table: string; verb: string }>(
      `SELECT t.tablename AS table, v.verb
         FROM pg_tables t, unnest($2::text[]) AS v (verb)
        WHERE t.schemaname = 'public' AND has_table_privilege($1, quote_ident(t.tablename), v.verb)`,
      [nextLoginName(connection.database, program), verbs],
    );
    const found = rows.map(({ table, verb }) => `${table} ${verb}`).sort();
    const whole = (granted: string) => granted.split(/, (?![^(]*\))/).filter((right) => !right.includes('('));
    const written = Object.entries(rights[program]).flatMap(([table, granted]) =>
      whole(granted).map((verb) => `${table} ${verb}`),
    );
    expect(found).toEqual(written.sort());
  });

  it('end at the schema, the ledger and the audit', async () => {
    const { connection } = await createTestDatabase(masterMigrations);
    const { pool } = await openAs(program, connection);
    for (const statement of [
      'CREATE TABLE mine ()',
      'DROP TABLE audit',
      'SELECT FROM schema_migrations',
      'DELETE FROM audit',
      'UPDATE users SET platform_admin = true',
    ]) {
      await expect(pool.query(statement), statement).rejects.toMatchObject(forbidden);
    }
  });
});

describe('a program', () => {
  it('cannot touch what is not its own', async () => {
    const { connection } = await createTestDatabase(masterMigrations);
    const { pool: otp } = await openAs('otp', connection);
    const { pool: collaboration } = await openAs('collaboration', connection);
    const { pool: api } = await openAs('api', connection);
    for (const [pool, statement] of [
      [otp, 'SELECT FROM operations'],
      [otp, "UPDATE tenants SET database_host = 'elsewhere'"],
      [collaboration, 'SELECT FROM sessions'],
      [collaboration, 'SELECT FROM user_addresses'],
      [collaboration, "UPDATE operations SET status = 'succeeded'"],
      [api, 'SELECT token_hash FROM sessions'],
      [api, 'UPDATE memberships SET role = role'],
    ] as const) {
      await expect(pool.query(statement), statement).rejects.toMatchObject(forbidden);
    }
  });

  it('of collaboration finds tenants, hears of their changes and says that edits are saved', async () => {
    const { ports, connection } = await createWorld();
    const { pool, connection: own } = await openAs('collaboration', connection);
    const heard: string[] = [];
    const listening = await new Promise<{ stop(): Promise<void> }>((resolve, reject) => {
      const changes = listenForTenantChanges(own, {
        ended: () => {},
        changed: (tenantId) => heard.push(tenantId),
        connected: () => resolve(changes),
        error: reject,
      });
    });
    onTestFinished(() => listening.stop());
    const tenantId = newTenantId();
    await drive(await request(ports, tenantId, 'free'), ports);
    expect((await createMasterDatabase(pool).findTenant(tenantId))?.status).toBe('active');
    await eventually(() => expect(heard).toContain(tenantId));
    const edits = createLastEdits(pool);
    expect(await edits.findAwaited()).toEqual([]);
    await edits.recordSaved(randomUUID());
  });

  it('of the functions behind asks for what is due, finds what has no driver and relays events', async () => {
    const { ports, connection, pool } = await createWorld();
    const { pool: own } = await openAs('driver', connection);
    const store = createMasterDatabase(own);
    const tenantId = newTenantId();
    const provisioning = await request(ports, tenantId, 'free');
    expect(await store.findDueOperations('sweep', 10)).toContain(provisioning);
    await drive(provisioning, ports);

    const events: string[] = [];
    const publisher = { publish: async ({ type }: { type: string }) => void events.push(type) };
    await relayEvents(createEventOutbox(own), publisher, Math.random, () => {});
    expect(events).toEqual(['TenantProvisioned']);
    expect(await createFleetMigrations(own).findDueMigrations('sweep')).toEqual([]);
    expect(await store.findWarmDatabases()).toEqual([]);
    expect(await store.countTenants('active')).toBe(1);

    await pool.query("UPDATE tenants SET secret_changed_at = now() - interval '2 days'");
    const lifecycle = { ...ports.lifecycle, secretMaxAgeDays: 1 };
    expect(await requestScheduled(store, lifecycle, new Date())).toHaveLength(1);
    expect(await requestOperation('suspend', tenantId, {}, operator, store)).toMatchObject({
      outcome: 'running',
    });
  });
});

describe('the login of a program', () => {
  it('is bounded, and the others are not by its bound', async () => {
    const { connection } = await createTestDatabase(masterMigrations);
    const { database } = connection;
    const login = { name: nextLoginName(database, 'driver'), password: 'driver', connectionLimit: 1 };
    await withConnection(connection, async (admin) => {
      await grantToPrograms(admin, database);
      await ensureProgramLogin(admin, database, 'driver', login);
    });
    const own = { ...connection, user: login.name, password: login.password };
    const { pool: otp } = await openAs('otp', connection);
    await withConnection(own, async () => {
      await expect(withConnection(own, async () => {})).rejects.toMatchObject({ code: '53300' });
      await otp.query('SELECT FROM users');
    });
  });
});

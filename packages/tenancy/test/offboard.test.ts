import { execFileSync } from 'node:child_process';
import { createReadStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { exportManifest } from '@kyong/contracts';
import { withConnection } from '@kyong/postgres';
import { createTestDatabase } from '@kyong/testing';
import { from as copyFrom } from 'pg-copy-streams';
import { describe, expect, it, onTestFinished } from 'vitest';
import { forgotten } from '../src/adapters/master-database/departures.ts';
import { createLastEdits } from '../src/adapters/master-database/index.ts';
import { advance, OperationRefused, type Ports, requestOperation, requestScheduled } from '../src/index.ts';
import { crashingPorts } from './crashing-ports.ts';
import {
  accessOf,
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

async function provisioned({ ports, pool }: World, placement: (typeof placements)[number]): Promise<string> {
  const tenantId = newTenantId();
  await drive(await request(ports, tenantId, planOf[placement]), ports);
  const { rows } = await pool.query('INSERT INTO users DEFAULT VALUES RETURNING id');
  await pool.query("INSERT INTO memberships VALUES ($1, $2, 'member')", [rows[0].id, tenantId]);
  await pool.query(
    `INSERT INTO sessions (id, user_id, tenant_id, scope, token_hash, expires_at)
     VALUES (gen_random_uuid(), $1, $2, 'session', '', now())`,
    [rows[0].id, tenantId],
  );
  return tenantId;
}

async function ask(
  { ports }: World,
  kind: 'offboard' | 'suspend' | 'resume',
  tenantId: string,
): Promise<string> {
  const result = await requestOperation(kind, tenantId, {}, operator, ports.store);
  if (result.outcome !== 'accepted') throw new Error(result.outcome);
  return result.operationId;
}

const graceOf = (ports: Ports, offboardGraceSeconds: number): Ports => ({
  ...ports,
  lifecycle: { ...ports.lifecycle, offboardGraceSeconds },
});
const inAWeek = () => new Date(Date.now() + 7 * 86_400_000);
const due = ({ ports }: World, now = inAWeek()) => requestScheduled(ports.store, ports.lifecycle, now);

const statusOf = async ({ ports }: World, tenantId: string) =>
  (await ports.store.findTenant(tenantId))?.status;

describe.each(placements)('a %s tenant that leaves', (placement) => {
  it('is shut out and exported; within its time it comes back whole', async () => {
    const world = await createWorld();
    const tenantId = await provisioned(world, placement);
    const access = await accessOf(world, tenantId);
    await withConnection(access, async (client) => {
      await drive(await ask(world, 'offboard', tenantId), graceOf(world.ports, 3600));
      await expect(client.query('SELECT 1')).rejects.toThrow();
    });
    expect(await statusOf(world, tenantId)).toBe('offboarding');
    await expect(withConnection(access, async () => {})).rejects.toThrow(/not permitted/);
    expect(await due(world, new Date())).toEqual([]);
    expect(await world.ports.archives.list(tenantId)).toHaveLength(1);

    await drive(await ask(world, 'resume', tenantId), world.ports);
    expect(await statusOf(world, tenantId)).toBe('active');
    const { rows } = await withConnection(access, (client) => client.query('SELECT tenant_id FROM gym'));
    expect(rows).toEqual([{ tenant_id: tenantId }]);
    // What was to come is cancelled.
    expect(await due(world)).toEqual([]);
    expect(await world.ports.archives.list(tenantId)).toEqual([]);
    expect(await world.ports.store.findDeparture(tenantId)).toBeUndefined();
  });

  it('is erased after its time, with a proof, wherever the driver dies; its name stays taken', async () => {
    const world = await createWorld();
    let calls = 1;
    for (let call = 0; call < calls; call += placement === 'shared' ? 2 : 5) {
      const tenantId = await provisioned(world, placement);
      const counting = crashingPorts(world.ports);
      const offboarding = await ask(world, 'offboard', tenantId);
      await dieAt(offboarding, world.ports, { call, when: 'after' });
      await drive(offboarding, counting.ports);
      const [erasure = ''] = await due(world);
      await dieAt(erasure, world.ports, { call, when: 'after' });
      await drive(erasure, counting.ports);
      calls = Math.max(calls, counting.calls() / 2);

      expect(await statusOf(world, tenantId), `call ${call}`).toBe('offboarded');
      const { archive, proof } = (await world.ports.store.findDeparture(tenantId)) ?? {};
      const kinds = proof?.destroyed.map(({ kind }) => kind).sort();
      const inside = ['database', 'role', 'role', 'secret'];
      expect(kinds).toEqual(placement === 'shared' ? inside : [...inside, 'server']);
      expect(proof?.rows).toEqual({ memberships: 1, sessions: 1, second_databases: 0 });
      expect(proof?.kept).toEqual([{ kind: 'archive', name: archive?.ref }]);
      const endsAt = proof?.expiring.map(({ goneBy }) => Date.parse(goneBy) - Date.parse(proof.erasedAt));
      expect(endsAt).toEqual([2, 32, 60].map((days) => days * 86_400_000));
      expect(await traces(world, tenantId)).toEqual([]);
      const { rows } = await world.pool.query(
        'SELECT type FROM outbox WHERE tenant_id = $1 ORDER BY created_at',
        [tenantId],
      );
      expect(rows.map((row) => row.type)).toEqual([
        'TenantProvisioned',
        'TenantOffboarding',
        'TenantOffboarded',
      ]);
      await expect(request(world.ports, tenantId, planOf[placement])).rejects.toThrow('taken');
      await expect(ask(world, 'resume', tenantId)).rejects.toThrow('conflict');
    }
  });
});

describe('edits of shared documents', () => {
  async function withDocument(world: World): Promise<string> {
    const tenantId = await provisioned(world, 'shared');
    await withConnection(await accessOf(world, tenantId), (client) =>
      client.query(
        "INSERT INTO documents (document_id, kind, title, created_by) VALUES (gen_random_uuid(), 'course_planning', '', '')",
      ),
    );
    return tenantId;
  }

  /** Advances an offboarding: its first step says that it waits. */
  async function waits({ ports }: World, operationId: string): Promise<void> {
    const result = await advance(operationId, ports, driver);
    expect(result).toEqual({ status: 'again', afterSeconds: 1 });
    const step = (await ports.store.findOperation(operationId))?.steps[0];
    expect(step).toMatchObject({
      name: 'save-edits',
      status: 'waiting',
      detail: expect.stringContaining('edits'),
    });
  }

  it.each(['active', 'suspended'])(
    'of a tenant that is %s are waited for, its role let in, before the export',
    async (status) => {
      const world = await createWorld();
      const lastEdits = createLastEdits(world.pool);
      const tenantId = await withDocument(world);
      if (status === 'suspended') await drive(await ask(world, 'suspend', tenantId), world.ports);
      const operationId = await ask(world, 'offboard', tenantId);
      await waits(world, operationId);
      // Services have a moment to end what they were at.
      expect(await lastEdits.findAwaited()).toEqual([]);
      await world.pool.query("UPDATE operation_steps SET started_at = now() - interval '1 minute'");
      expect(await lastEdits.findAwaited()).toEqual([{ operationId, tenantId }]);
      await waits(world, operationId);
      const access = await accessOf(world, tenantId);
      await withConnection(access, (client) => client.query("UPDATE documents SET title = 'to the last'"));
      expect(await world.ports.archives.list(tenantId)).toEqual([]);

      await lastEdits.recordSaved(operationId);
      expect(await lastEdits.findAwaited()).toEqual([]);
      await drive(operationId, world.ports);
      expect((await world.ports.store.findDeparture(tenantId))?.archive.rows).toBe(2);
      await expect(withConnection(access, async () => {})).rejects.toThrow(/not permitted/);
    },
  );

  it('are waited for ten minutes: then the tenant is shut out, and kept', async () => {
    const world = await createWorld();
    const tenantId = await withDocument(world);
    const operationId = await ask(world, 'offboard', tenantId);
    await waits(world, operationId);
    const later = { ...world.ports, now: () => new Date(Date.now() + 601_000) };
    await drive(operationId, later);
    expect(await world.ports.store.findOperation(operationId)).toMatchObject({
      status: 'compensated',
      error: expect.stringContaining('edits of shared documents'),
    });
    expect(await statusOf(world, tenantId)).toBe('suspended');
    await expect(withConnection(await accessOf(world, tenantId), async () => {})).rejects.toThrow(
      /not permitted/,
    );
  });
});

it('a failed export leaves the tenant shut out, and nothing half-made', async () => {
  const world = await createWorld();
  const tenantId = await provisioned(world, 'shared');
  const failing: Ports = {
    ...world.ports,
    database: {
      ...world.ports.database,
      async export(_admin, _about, output) {
        output.write('half of it');
        throw new OperationRefused('The disk is full.');
      },
    },
  };
  await drive(await ask(world, 'offboard', tenantId), failing);
  expect(await statusOf(world, tenantId)).toBe('suspended');
  expect(await world.ports.archives.list(tenantId)).toEqual([]);
  expect(await due(world)).toEqual([]);
  await drive(await ask(world, 'offboard', tenantId), world.ports);
  expect(await statusOf(world, tenantId)).toBe('offboarding');
});

it('an export that would not end in the time a step has is not begun', async () => {
  const world = await createWorld();
  const tenantId = await provisioned(world, 'shared');
  const ports = { ...world.ports, longestStepSeconds: 0.1 };
  const operation = await drive(await ask(world, 'offboard', tenantId), ports);
  expect(operation.error).toMatch(/Delete what the export need not hold/);
  expect(operation.steps.find(({ name }) => name === 'export')?.attempts).toBe(1);
  expect(await statusOf(world, tenantId)).toBe('suspended');
  expect(await world.ports.archives.list(tenantId)).toEqual([]);
});

it('an erasure that was asked for too early changes nothing', async () => {
  const world = await createWorld();
  const tenantId = await provisioned(world, 'shared');
  await drive(await ask(world, 'offboard', tenantId), graceOf(world.ports, 3600));
  const early = await requestOperation('erase', tenantId, {}, operator, world.ports.store);
  if (early.outcome !== 'accepted') throw new Error(early.outcome);
  await drive(early.operationId, world.ports);
  expect(await statusOf(world, tenantId)).toBe('offboarding');
  await drive(await ask(world, 'resume', tenantId), world.ports);
  await withConnection(await accessOf(world, tenantId), (client) => client.query('SELECT FROM gym'));
});

it('every table of the master database either forgets a tenant or is its history', async () => {
  const { pool } = await createWorld();
  const { rows } = await pool.query(
    "SELECT table_name FROM information_schema.columns WHERE column_name = 'tenant_id' AND table_schema = 'public'",
  );
  const history = [
    // Gone a day later, and needed till then: that its people have no access any more.
    'ended_access',
    ...['audit', 'departures', 'fleet_migration_tenants', 'operations', 'outbox', 'tenant_schema_versions'],
  ];
  expect(rows.map((row) => row.table_name).sort()).toEqual([...forgotten, ...history].sort());
});

it('an export can be unpacked, checked and loaded with standard tools, and holds every row', async () => {
  const world = await createWorld();
  const tenantId = await provisioned(world, 'shared');
  const access = await accessOf(world, tenantId);
  const odd = 'a "quoted", 中文\nand a line \\N';
  await withConnection(access, async (client) => {
    await client.query(
      `INSERT INTO otp_templates (name, channel, purpose, active, bodies)
       SELECT 'template ' || n, 'sms', $1, false, jsonb_build_object('en', $1 || n)
         FROM generate_series(1, 20000) AS n`,
      [odd],
    );
  });
  await drive(await ask(world, 'offboard', tenantId), world.ports);
  const { archive } = (await world.ports.store.findDeparture(tenantId)) ?? {};

  const folder = mkdtempSync(join(tmpdir(), 'kyo-export-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(world.directory, 'exports', archive?.ref ?? '');
  expect(execFileSync('sha256sum', [file], { encoding: 'utf8' }).slice(0, 64)).toBe(archive?.sha256);
  execFileSync('tar', ['-xf', file, '-C', folder]);
  execFileSync('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: folder });
  const manifest = exportManifest.parse(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')));
  expect(manifest).toMatchObject({ tenantId, schemaVersion: expect.stringMatching(/^\d{4}_/) });

  const { connection } = await createTestDatabase();
  await withConnection(connection, async (client) => {
    for (const { path } of manifest.schema) await client.query(readFileSync(join(folder, path), 'utf8'));
    for (const { table, path, columns } of manifest.tables) {
      const target = client.query(
        copyFrom(`COPY ${table} (${columns.join()}) FROM STDIN WITH (FORMAT csv, HEADER)`),
      );
      await pipeline(createReadStream(join(folder, path)), createGunzip(), target);
    }
  });
  const digest = (table: string) =>
    `SELECT count(*)::int, md5(string_agg(t::text, ',' ORDER BY t::text)) FROM ${table} t`;
  const admin = { ...world.shared, database: access.database };
  for (const { table, rows } of manifest.tables) {
    const [before, after] = await Promise.all(
      [admin, connection].map((one) => withConnection(one, (client) => client.query(digest(table)))),
    );
    expect(after?.rows, table).toEqual(before?.rows);
    expect(after?.rows[0].count, table).toBe(rows);
  }
  expect(manifest.tables.find(({ table }) => table === 'otp_templates')?.rows).toBe(20_000);
});

it('passwords that are too old are replaced, and nothing else', async () => {
  const world = await createWorld();
  const [old, young] = [await provisioned(world, 'shared'), await provisioned(world, 'shared')];
  await world.pool.query("UPDATE tenants SET secret_changed_at = now() - interval '91 days' WHERE id = $1", [
    old,
  ]);
  const monthly = { ...world.ports.lifecycle, secretMaxAgeDays: 90 };
  const begun = await requestScheduled(world.ports.store, monthly, new Date());
  expect(begun).toHaveLength(1);
  expect(await requestScheduled(world.ports.store, monthly, new Date())).toEqual([]);
  await drive(begun[0] ?? '', world.ports);
  expect(await requestScheduled(world.ports.store, monthly, new Date())).toEqual([]);
  expect((await world.ports.store.findOperation(begun[0] ?? ''))?.kind).toBe('rotate-secret');
  await withConnection(await accessOf(world, young), async () => {});
});

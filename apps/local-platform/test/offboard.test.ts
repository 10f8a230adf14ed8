import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { CollaborationClient } from '@kyong/collaboration/client';
import { eventually } from '@kyong/testing';
import { PlatformProcess } from '@kyong/testing/platform-process';
import { afterAll, beforeAll, expect, it } from 'vitest';

const run = promisify(execFile);
const cli = join(import.meta.dirname, '..', '..', 'kyo-cli', 'src', 'main.ts');
const plans = ['free', 'basic'];

/** Nobody comes back, or is erased, by being slow: the time to come back is an hour, and after a restart none. */
let platform: PlatformProcess;
const begin = async (graceSeconds: number, dataDirectory?: string) => {
  platform = await PlatformProcess.start(dataDirectory, ['--offboard-grace', String(graceSeconds)]);
};
beforeAll(() => begin(3600));
afterAll(() => platform?.discard());

const kyo = (...args: string[]) =>
  run(process.execPath, [cli, ...args, '--data-dir', platform.dataDirectory]);
const show = async (tenantId: string) =>
  (await platform.request('GET', `/tenants/${tenantId}`, { token: platform.operatorToken })).body;

/** Fetches the export of a tenant and answers with one of its tables. */
async function exportedTable(tenantId: string, table: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'kyo-test-export-'));
  const file = join(folder, 'export.tar');
  try {
    expect((await kyo('tenants', 'export', tenantId, '--output', file)).stdout).toContain(
      'checksum verified',
    );
    await run('tar', ['-xf', file, '-C', folder]);
    return gunzipSync(readFileSync(join(folder, 'tables', `${table}.csv.gz`))).toString();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

it.concurrent.each(plans)('the %s plan: offboarded, exported, and back again', async (plan) => {
  const tenantId = `leaving-${plan}`;
  await kyo('tenants', 'provision', tenantId, '--plan', plan);
  const { stdout } = await kyo('tenants', 'offboard', tenantId);
  expect(stdout).toContain(`kyo tenants resume ${tenantId}`);
  expect(await show(tenantId)).toMatchObject({ status: 'offboarding', departure: { export: { rows: 1 } } });
  expect(await exportedTable(tenantId, 'gym')).toContain(tenantId);
  await kyo('tenants', 'resume', tenantId);
  expect((await show(tenantId)).departure).toBeUndefined();
});

it('an export has what people edited together the moment before', async () => {
  const tenantId = 'leaving-at-once';
  const owner = await platform.openGym('+886912000078', { tenantId, plan: 'free' });
  const { body: document } = await platform.request('POST', '/api/collaboration/documents', {
    token: owner.accessToken,
    body: { kind: 'course_planning', title: 'Spring' },
  });
  const client = new CollaborationClient(platform.url, { getToken: async () => owner.accessToken });
  const shared = await client.open(document.documentId);
  await shared.synced();
  shared.doc.getMap('notes').set('last', 'to the last word');
  await eventually(() => expect(shared.isSaved).toBe(true));
  await kyo('tenants', 'offboard', tenantId);
  client.close();
  const snapshots = await exportedTable(tenantId, 'document_snapshots');
  expect(snapshots).toContain(Buffer.from('to the last word').toString('hex'));
});

it('after its time to come back a tenant is erased, with a proof; its name stays taken', async () => {
  await platform.end('SIGTERM');
  await begin(0, platform.dataDirectory);
  await Promise.all(
    plans.map(async (plan) => {
      const tenantId = `leaving-${plan}`;
      await kyo('tenants', 'offboard', tenantId);
      await eventually(async () => expect((await show(tenantId)).status).toBe('offboarded'), {
        interval: 200,
      });
      const shown = (await kyo('tenants', 'show', tenantId)).stdout;
      expect(shown).toMatch(/database .*: gone/);
      expect(shown).toMatch(/expires +edits of shared documents.*: by \d{4}-/);
      const { status, body } = await platform.request('POST', '/provision-tenant', {
        token: platform.operatorToken,
        body: { tenantId, plan },
      });
      expect([status, body.code]).toEqual([409, 'tenant_taken']);
    }),
  );
});

it('a link to an export is good for nobody who changes it, and its address for nobody without a role', async () => {
  const path = '/tenants/leaving-free/export';
  const { body } = await platform.request('GET', path, { token: platform.operatorToken });
  const link = new URL(body.url);
  expect((await fetch(link)).status).toBe(200);
  for (const [name, value] of [
    ['expires', '9999999999'],
    ['signature', 'AAAA'],
  ] as const) {
    const changed = new URL(link);
    changed.searchParams.set(name, value);
    expect((await fetch(changed)).status).toBe(404);
  }
  const other = new URL(link.href.replace('leaving-free', 'leaving-basic'));
  expect((await fetch(other)).status).toBe(404);
  const token = await platform.signUp('+886912000077');
  expect((await platform.request('GET', path, { token })).status).toBe(403);
  expect((await platform.request('DELETE', '/tenants/leaving-free', { token })).status).toBe(403);
});

it('the command line tells who asked, finds what belongs to nothing, and removes it', async () => {
  const { stdout } = await kyo('audit', '--tenant', 'leaving-free');
  expect(stdout).toMatch(/operator .*leaving-free +offboard +accepted/);
  expect(stdout).toContain('refused: forbidden');
  await kyo('doctor');
  const orphan = join(platform.dataDirectory, 'secrets', 'tenants', 'nobody', 'database.secret');
  mkdirSync(dirname(orphan), { recursive: true });
  writeFileSync(orphan, 'of nobody');
  await expect(kyo('doctor', '--json')).rejects.toMatchObject({
    code: 1,
    stdout: expect.stringContaining('tenants/nobody/database belongs to nothing'),
  });
  expect((await kyo('doctor', '--repair')).stdout).toContain('removed: secret tenants/nobody/database');
  await kyo('doctor');
});

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '@kyong/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PlatformProcess } from './platform-process.ts';

const run = promisify(execFile);
const cli = join(import.meta.dirname, '..', '..', 'kyo-cli', 'src', 'main.ts');
const graceSeconds = 6;

let platform: PlatformProcess;
beforeAll(async () => {
  platform = await PlatformProcess.start(undefined, ['--offboard-grace', String(graceSeconds)]);
});
afterAll(() => platform?.discard());

const kyo = (...args: string[]) =>
  run(process.execPath, [cli, ...args, '--data-dir', platform.dataDirectory]);
const show = async (tenantId: string) =>
  (await platform.request('GET', `/tenants/${tenantId}`, { token: platform.operatorToken })).body;

it.concurrent.each(['free', 'basic'])('the %s plan: offboarded, exported, erased, proved', async (plan) => {
  const tenantId = `leaving-${plan}`;
  await kyo('tenants', 'provision', tenantId, '--plan', plan);
  const { stdout } = await kyo('tenants', 'offboard', tenantId);
  expect(stdout).toContain(`kyo tenants resume ${tenantId}`);
  expect(await show(tenantId)).toMatchObject({ status: 'offboarding', departure: { export: { rows: 1 } } });
  await kyo('tenants', 'resume', tenantId);
  expect((await show(tenantId)).departure).toBeUndefined();

  await kyo('tenants', 'offboard', tenantId);
  const folder = mkdtempSync(join(tmpdir(), 'kyo-test-export-'));
  const file = join(folder, 'export.tar');
  expect((await kyo('tenants', 'export', tenantId, '--output', file)).stdout).toContain('checksum verified');
  expect((await run('tar', ['-tf', file])).stdout).toContain('tables/gym.csv.gz');
  rmSync(folder, { recursive: true });

  await eventually(async () => expect((await show(tenantId)).status).toBe('offboarded'), { interval: 200 });
  const shown = (await kyo('tenants', 'show', tenantId)).stdout;
  expect(shown).toMatch(/database .*: gone/);
  expect(shown).toMatch(/expires +edits of shared documents.*: by \d{4}-/);
  const { status, body } = await platform.request('POST', '/provision-tenant', {
    token: platform.operatorToken,
    body: { tenantId, plan },
  });
  expect([status, body.code]).toEqual([409, 'tenant_taken']);
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

import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { PostgresServer } from '@kyong/embedded-servers';
import { migrate, withConnection } from '@kyong/postgres';
import { tenantServerSettings } from '@kyong/tenancy/adapters/local-postgres';
import { tenantMigrations } from '@kyong/tenancy/adapters/tenant-schema';
import { PlatformProcess } from '@kyong/testing/platform-process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const versions = readdirSync(tenantMigrations)
  .map((file) => basename(file, '.sql'))
  .sort();
const [oldest, second, newest] = [versions[0], versions[1], versions.at(-1)];
const tenants = ['one', 'two', 'three'];
let platform: PlatformProcess;

beforeAll(async () => {
  const first = await PlatformProcess.start();
  for (const tenantId of tenants) {
    const plan = tenantId === 'three' ? 'basic' : 'free';
    const { body } = await first.request('POST', '/provision-tenant', {
      token: first.operatorToken,
      body: { tenantId: `gym-${tenantId}`, plan },
    });
    await first.operationEnd(body.operationId);
  }
  for (const tenantId of tenants) await makeOlder(first, `gym-${tenantId}`);
  await first.end('SIGTERM');
  platform = new PlatformProcess(first.dataDirectory, first.port);
  await platform.ready();
});
afterAll(() => platform?.discard());

const cli = join(import.meta.dirname, '..', '..', 'kyo-cli', 'src', 'main.ts');
const kyo = (...args: string[]) =>
  promisify(execFile)(process.execPath, [cli, ...args, '--data-dir', platform.dataDirectory]);

describe('tenants of an older version', () => {
  it('are reported at the start, and left as they are', async () => {
    expect(platform.output).toContain(`3 tenants have an older schema than ${newest}`);
    expect(platform.output).toContain('npm run kyo -- migrate run');
    const { stdout } = await kyo('migrate', 'status');
    expect(stdout).toContain(`${oldest}  3`);
  });

  it('are as their own version should be; what differs is told', async () => {
    await inDatabase(platform, 'gym-two', (client) => client.query('CREATE TABLE notes (text text)'));
    await expect(kyo('migrate', 'status', '--drift')).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining(`✗ gym-two (${oldest})\n  unexpected column notes.text`),
      stderr: expect.stringContaining('1 of 3 databases'),
    });
    await inDatabase(platform, 'gym-two', (client) => client.query('DROP TABLE notes'));
    expect((await kyo('migrate', 'status', '--drift')).stdout).toContain('All 3 databases are');
  });

  it('are planned in waves, the canary first', async () => {
    const { stdout } = await kyo('migrate', 'plan', '--canaries', 'gym-two', '--json');
    expect(JSON.parse(stdout)).toEqual({
      targetVersion: newest,
      waves: [['gym-two'], ['gym-one', 'gym-three']],
    });
    await expect(kyo('migrate', 'plan', '--canaries', 'nobody')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('canaries_unknown'),
    });
    await expect(kyo('migrate', 'run', '--concurrency', 'many')).rejects.toMatchObject({ code: 2 });
  });

  it('are migrated with a failure reported, then without one', async () => {
    await inDatabase(platform, 'gym-two', (client) => client.query('CREATE TABLE otp_log ()'));
    await expect(kyo('migrate', 'run', '--canaries', 'gym-one')).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining(
        `3 of 3 tenants, 1 failed
✗ gym-two, still at ${oldest}: ${second}: relation "otp_log"`,
      ),
      stderr: expect.stringContaining(`Migration to ${newest} failed: 2 migrated, 1 failed.`),
    });
    await inDatabase(platform, 'gym-two', (client) => client.query('DROP TABLE otp_log'));
    expect((await kyo('migrate', 'run')).stdout).toContain('1 of 1 tenants');
    expect((await kyo('migrate', 'plan')).stdout).toContain(`Every tenant is at ${newest}.`);
    expect((await kyo('migrate', 'status', '--drift')).stdout).toContain('All 3 databases are');
  });
});

it('says what there is room for, and what it costs', async () => {
  const { quotas } = JSON.parse((await kyo('quota', '--json')).stdout);
  expect(quotas).toContainEqual({
    name: 'databases on shared-1',
    used: 2,
    limit: 2_000,
    level: 'ok',
    remedy: expect.any(String),
  });
  expect((await kyo('quota')).stdout).toMatch(/✓ tenant servers +1 +100 +ok/);
  expect((await kyo('plans')).stdout).toMatch(/basic +dedicated +[\d.]+ +[\d.]+ +[\d.]+ +40\.06/);
});

/** As if it had been provisioned by a platform that knew the first migration only. */
async function makeOlder(running: PlatformProcess, tenantId: string): Promise<void> {
  await inDatabase(running, tenantId, async (client) => {
    await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
    await migrate(client, tenantMigrations, 1);
  });
  await withConnection({ ...endpointOf(running, 'master'), database: 'kyo_system_master' }, (client) =>
    client.query('UPDATE tenants SET schema_version = $2 WHERE id = $1', [tenantId, oldest]),
  );
}

/** Does something to a tenant's database that nobody should. */
async function inDatabase(
  running: PlatformProcess,
  tenantId: string,
  task: (client: Parameters<typeof migrate>[0]) => Promise<unknown>,
): Promise<void> {
  const { body } = await running.request('GET', `/tenants/${tenantId}`, { token: running.operatorToken });
  const { name: database, instanceId } = body.database;
  const folder = instanceId === 'shared-1' ? 'shared' : join('tenants', instanceId);
  await withConnection({ ...endpointOf(running, folder), database }, task);
}

function endpointOf({ dataDirectory }: PlatformProcess, folder: string) {
  return new PostgresServer(join(dataDirectory, 'postgres', folder), tenantServerSettings).endpoint;
}

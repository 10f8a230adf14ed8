import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@kyong/embedded-servers';
import { createDataDirectory, PlatformProcess } from '@kyong/testing/platform-process';
import { expect, it, onTestFinished } from 'vitest';

const npmStart = [join(import.meta.dirname, '..', '..', '..', 'scripts', 'run.mjs'), 'start'];

/** Of a person who works with other databases, accounts and languages as well. */
const shell = {
  PGSSLMODE: 'require',
  PGOPTIONS: '-c search_path=elsewhere',
  PGHOST: 'elsewhere.invalid',
  REDISCLI_AUTH: 'of-another-redis',
  LC_ALL: 'tr_TR.UTF-8',
  LANG: 'tr_TR.UTF-8',
  TZ: 'Pacific/Apia',
  NODE_OPTIONS: '--max-http-header-size=1024',
  HTTP_PROXY: 'http://127.0.0.1:1',
  HTTPS_PROXY: 'http://127.0.0.1:1',
  AWS_PROFILE: 'of-somebody-else',
};

it('the platform starts, and a gym moves to a server of its own, whatever a shell has set', async () => {
  const home = mkdtempSync(join(tmpdir(), 'kyo-test-home-'));
  // The account of the database servers may not enter it.
  chmodSync(home, 0o700);
  const platform = new PlatformProcess(
    createDataDirectory(),
    await freePort(),
    [],
    { ...shell, HOME: home },
    npmStart,
  );
  onTestFinished(async () => {
    await platform.discard();
    rmSync(home, { recursive: true });
  });
  await platform.ready();
  const carryOut = async (path: string, body: unknown) => {
    const accepted = await platform.request('POST', path, { token: platform.operatorToken, body });
    expect(accepted.status, accepted.text).toBe(202);
    expect(await platform.operationEnd(accepted.body.operationId)).toMatchObject({ status: 'succeeded' });
  };
  await carryOut('/provision-tenant', { tenantId: 'travelling-gym', plan: 'free' });
  await carryOut('/tenants/travelling-gym/plan', { plan: 'basic' });
});

import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { freePort } from '@kyong/embedded-servers';
import { createDataDirectory, PlatformProcess } from '@kyong/testing/platform-process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const dataDirectory = createDataDirectory();
afterAll(async () => {
  // Whatever a test left running is found by the next start, and stopped by its end.
  await (await PlatformProcess.start(dataDirectory)).discard();
});

async function outcome(
  directory: string,
  port: number,
  args: string[] = [],
  environment: Record<string, string> = {},
) {
  const platform = new PlatformProcess(directory, port, args, environment);
  const [code] = (await once(platform.child, 'exit')) as [number | null];
  return { code, output: platform.output };
}

describe('a platform that runs', () => {
  it('survives kill -9 at random moments of its provisions: the next one finishes them', async () => {
    const tenantIds: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      const platform = await PlatformProcess.start(dataDirectory);
      const token = platform.operatorToken;
      const wave = ['free', 'free', 'basic', 'free'].map((plan, index) => ({
        tenantId: `kill-${round}-${index}`,
        plan,
      }));
      const answers = await Promise.all(
        wave.map((body) => platform.request('POST', '/provision-tenant', { token, body })),
      );
      expect(answers.map((answer) => answer.status)).toEqual([202, 202, 202, 202]);
      tenantIds.push(...wave.map((body) => body.tenantId));
      // Somewhere among the steps: the whole wave takes a few hundred milliseconds.
      const moment = Math.random() * 300;
      await new Promise((resolve) => setTimeout(resolve, moment));
      await platform.end('SIGKILL');
    }
    const platform = await PlatformProcess.start(dataDirectory);
    for (const tenantId of tenantIds) {
      const { body } = await platform.request('GET', `/tenants/${tenantId}`, {
        token: platform.operatorToken,
      });
      expect((await platform.operationEnd(body.operation.operationId)).status).toBe('succeeded');
    }
    // As many servers as dedicated tenants, and nothing half-made beside them.
    const servers = readdirSync(join(dataDirectory, 'postgres', 'tenants')).sort();
    expect(servers).toEqual(
      tenantIds
        .filter((id) => id.endsWith('-2'))
        .map((id) => `kyo-${id}`)
        .sort(),
    );
    expect(await platform.end('SIGTERM')).toBe(0);
  });

  it('keeps its data over a stop, and lets nobody else at it', async () => {
    const platform = await PlatformProcess.start(dataDirectory);
    const token = platform.operatorToken;
    const body = { tenantId: 'kept', plan: 'free' };
    const accepted = await platform.request('POST', '/provision-tenant', { token, body });
    await platform.operationEnd(accepted.body.operationId);
    const second = await outcome(dataDirectory, await freePort());
    expect([second.code, second.output]).toEqual([1, expect.stringContaining('Kyo already runs')]);
    expect(await platform.end('SIGINT')).toBe(0);

    const again = await PlatformProcess.start(dataDirectory);
    const kept = await again.request('GET', '/tenants/kept', { token });
    await again.end('SIGTERM');
    expect(kept.body.status).toBe('active');
  });
});

describe('a platform that cannot run says why, what to do, and ends with 1', () => {
  beforeAll(async () => {
    await (await PlatformProcess.start(dataDirectory)).end('SIGTERM');
  });

  it('a port that is taken', async () => {
    const taken = createServer().listen(0);
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const { code, output } = await outcome(dataDirectory, port);
    taken.close();
    expect([code, output]).toEqual([1, expect.stringContaining(`Port ${port} is in use.`)]);
    expect(output).toContain('--port');
    expect(output).not.toContain('    at ');
  });

  it.each([
    ['options that are none', ['--ports', '1'], /Unknown option/],
    ['a limit that is none', ['--limits', 'some'], /--limits must be development or production/],
  ])('%s', async (_, args, message) => {
    const { code, output } = await outcome(dataDirectory, 1, args);
    expect([code, output]).toEqual([1, expect.stringMatching(message)]);
    expect(output).toContain('Usage: npm start');
  });

  it('a data directory that is a file', async () => {
    const file = join(dataDirectory, 'some-file');
    writeFileSync(file, '');
    const { code, output } = await outcome(file, await freePort());
    expect([code, output]).toEqual([1, expect.stringContaining('is not a folder')]);
  });

  it.each([
    ['the layout', 'layout.json'],
    ['a server file', 'postgres/master/server.json'],
    ['a data directory without data', 'postgres/shared/data/PG_VERSION'],
    ['the keys', 'secrets/signing-keys.json'],
  ])('damaged: %s', async (_, name) => {
    const file = join(dataDirectory, name);
    const whole = readFileSync(file);
    writeFileSync(file, '\u0000rubbish');
    const { code, output } = await outcome(dataDirectory, await freePort());
    writeFileSync(file, whole);
    expect([code, output]).toEqual([1, expect.stringContaining('damaged')]);
    expect(output).toMatch(/copy|anew|delete/);
  });

  it('a server of the user that is another kind of server', async () => {
    const url = 'mysql://root:hunter2@localhost/x';
    const { code, output } = await outcome(createDataDirectory(), 1, [], { KYO_MASTER_DATABASE_URL: url });
    expect([code, output]).toEqual([
      1,
      expect.stringContaining('KYO_MASTER_DATABASE_URL must be postgresql://'),
    ]);
    expect(output).not.toContain('hunter2');
  });

  it('a server of the user that does not answer', async () => {
    const url = `postgresql://root:hunter2@127.0.0.1:${await freePort()}/x`;
    const { code, output } = await outcome(createDataDirectory(), await freePort(), [], {
      KYO_MASTER_DATABASE_URL: url,
    });
    expect([code, output]).toEqual([1, expect.stringContaining('Check KYO_MASTER_DATABASE_URL')]);
    expect(output).not.toContain('hunter2');
  });

  it('a Redis of the user that is not in cluster mode, or not there', async () => {
    const url = `redis://:hunter2@127.0.0.1:${await freePort()}`;
    const { code, output } = await outcome(createDataDirectory(), await freePort(), [], {
      KYO_REDIS_URL: url,
    });
    expect([code, output]).toEqual([1, expect.stringContaining('do not answer: redis')]);
    expect(output).toContain('KYO_REDIS_URL');
    expect(output).not.toContain('hunter2');
  });
});

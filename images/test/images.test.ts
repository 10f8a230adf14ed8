import { once } from 'node:events';
import { freePort } from '@kyong/embedded-servers';
import { masterMigrations } from '@kyong/tenancy/adapters/master-database';
import { createTestDatabase, eventually } from '@kyong/testing';
import { serviceEnvironment } from '@kyong/testing/service-environment';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { type BuiltImage, buildImages, services } from '../src/build.ts';
import { startImage } from './running-image.ts';

const buildTimeoutMilliseconds = 10 * 60_000;
/** ECS sends SIGKILL this long after SIGTERM, unless the task definition allows more. */
const stopTimeoutMilliseconds = 30_000;

const images = new Map<string, BuiltImage>();

beforeAll(async () => {
  for (const image of await buildImages(services, (line) => process.stdout.write(`${line}\n`)))
    images.set(image.service, image);
}, buildTimeoutMilliseconds);

describe.each(services)('the image of %s', (service) => {
  const imageOf = () => images.get(service) as BuiltImage;

  test('starts from a root file system it cannot write to, answers, and stops when told to', async () => {
    const port = await freePort();
    const { connection: master } = await createTestDatabase(masterMigrations);
    const environment = await serviceEnvironment(service, { redis: inject('redis'), master });

    const startedAt = performance.now();
    const image = await startImage(imageOf().tag, {
      ...environment,
      KYO_PORT: String(port),
      KYO_DRAIN_SECONDS: '0',
    });
    expect(image.configuration.User).toBe('node');
    await eventually(async () => {
      expect(image.process.exitCode, image.log()).toBeNull();
      expect((await fetch(`http://127.0.0.1:${port}/ready`)).status, image.log()).toBe(200);
    });
    const startSeconds = (performance.now() - startedAt) / 1000;
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);

    const stoppedAt = performance.now();
    image.process.kill('SIGTERM');
    const [code] = (await once(image.process, 'exit')) as [number | null];
    const stopMilliseconds = performance.now() - stoppedAt;
    expect(code, image.log()).toBe(0);
    expect(stopMilliseconds).toBeLessThan(stopTimeoutMilliseconds);
    process.stdout.write(
      `${service}: ${imageOf().megabytes} MB, ready after ${startSeconds.toFixed(1)} s, stopped after ${(stopMilliseconds / 1000).toFixed(1)} s\n`,
    );
  });

  test('says what is missing when its environment is not complete', async () => {
    const image = await startImage(imageOf().tag, {});
    const [code] = (await once(image.process, 'exit')) as [number | null];
    expect(code).toBe(1);
    expect(image.log()).toContain('KYO_REDIS_URL: is not set');
  });
});

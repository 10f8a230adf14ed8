import { Redis } from 'ioredis';
import { expect, inject, onTestFinished, test } from 'vitest';
import { keyOf, partitionOf } from '../src/adapters/redis/partition.ts';
import { createHarness, wrong } from './harness.ts';

/** Commands that the connections of this process's `redis` client send while `task` runs, by name. */
async function commandsOf(redis: ReturnType<typeof createHarness>['redis'], task: () => Promise<unknown>) {
  const control = new Redis(inject('redis'));
  const monitor = await control.monitor();
  onTestFinished(() => {
    monitor.disconnect();
    control.disconnect();
  });
  const node = redis.nodes('master')[0];
  const address = /\baddr=(\S+)/.exec(String(await node?.client('INFO')))?.[1];
  const seen: string[] = [];
  const finished = new Promise<void>((resolve) => {
    monitor.on('monitor', (_time: string, args: string[], source: string) => {
      if (args[1] === 'the end') resolve();
      else if (source === address) seen.push(args[0]?.toLowerCase() ?? '');
    });
  });
  await task();
  await control.echo('the end');
  await finished;
  return seen;
}

test('issuing and verifying are one Redis command each', async () => {
  const { clock, redis, send, verify } = createHarness();
  // The first use of a script on a connection carries its source.
  const first = await send();
  await verify(first.requestId, wrong(first.code));
  clock.advance(30);

  let { requestId, code } = first;
  const issuing = await commandsOf(redis, async () => {
    ({ requestId, code } = await send());
  });
  expect(issuing).toEqual(['evalsha']);
  expect(await commandsOf(redis, () => verify(requestId, wrong(code)))).toEqual(['evalsha']);
  expect(await commandsOf(redis, () => verify(requestId, code))).toEqual(['evalsha']);
});

test('the store holds neither code nor address', async () => {
  const { otp, redis, send, verify, to } = createHarness();
  const { requestId, code } = await send();
  await verify(requestId, wrong(code));

  const recipient = otp.keys.recipient(to);
  const request = await redis.hgetall(keyOf.request(recipient, requestId));
  const guesses = await redis.lrange(keyOf.guesses(recipient), 0, -1);
  const deliveries = await redis.xrange(keyOf.deliveries(partitionOf(recipient)), '-', '+');
  expect(request).toHaveProperty('codeHash');
  expect(guesses).toHaveLength(1);
  expect(deliveries.length).toBeGreaterThan(0);
  const texts = [...Object.values(request), ...guesses, ...deliveries.flatMap(([, fields]) => fields ?? [])];
  for (const text of texts) {
    expect(text).not.toContain(to.slice(1));
    expect(text).not.toBe(code);
    expect(Buffer.from(text, 'base64url').toString('latin1')).not.toContain(code);
  }
});

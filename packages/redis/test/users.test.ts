import { randomUUID } from 'node:crypto';
import { createTestRedis } from '@kyong/testing';
import { Redis } from 'ioredis';
import { expect, inject, it } from 'vitest';

const forbidden = /NOPERM/;

it("a service's user works with its own keys and not with those of the other", async () => {
  const [otp, collaboration] = [createTestRedis('otp'), createTestRedis('collaboration')];
  const own = `{otp:0}:test:${randomUUID()}`;
  await otp.set(own, 'of one');
  await otp.multi().get(own).expire(own, 60).exec();
  expect(await otp.eval("return redis.call('GET', KEYS[1])", 1, own)).toBe('of one');
  await expect(collaboration.get(own)).rejects.toThrow(forbidden);
  await expect(collaboration.del(own)).rejects.toThrow(forbidden);
  await expect(collaboration.eval("return redis.call('GET', KEYS[1])", 1, own)).rejects.toThrow(forbidden);
  await expect(otp.get('{collaboration:0}:gym:document:head')).rejects.toThrow(forbidden);
  await expect(otp.set('elsewhere', '')).rejects.toThrow(forbidden);
  await otp.del(own);
});

it("a service's user does nothing that is everybody's", async () => {
  const { host, port, password } = inject('redis');
  for (const username of ['otp', 'collaboration']) {
    const client = new Redis({ host, port, username, password });
    for (const [command, ...parameters] of [
      ['KEYS', '*'],
      ['SCAN', '0'],
      ['RANDOMKEY'],
      ['FLUSHALL'],
      ['CONFIG', 'GET', 'requirepass'],
      ['ACL', 'LIST'],
      ['SCRIPT', 'FLUSH'],
      ['FUNCTION', 'FLUSH'],
      ['CLIENT', 'LIST'],
      ['MONITOR'],
    ] as const) {
      await expect(client.call(command, ...parameters), `${username}: ${command}`).rejects.toThrow(forbidden);
    }
    client.disconnect();
  }
});

it('the user of a service without channels neither says nor hears anything', async () => {
  const { host, port, password } = inject('redis');
  const client = new Redis({ host, port, username: 'otp', password });
  await expect(client.call('SPUBLISH', 'socket.io#/#', '')).rejects.toThrow(forbidden);
  await expect(client.call('SUBSCRIBE', '{collaboration:0}:gym:document')).rejects.toThrow(forbidden);
  client.disconnect();
});

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { turnstile } from '../src/adapters/turnstile.ts';
import { type Alarm, isPerson } from '../src/index.ts';

/** A server that answers as `siteverify` does; what it was asked is kept. */
async function createSiteverify(status: number, answer: object) {
  const asked: Record<string, string>[] = [];
  const server = createServer(async (request, response) => {
    asked.push(Object.fromEntries(new URLSearchParams(await text(request))));
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { asked, captcha: turnstile({ secret: 'our secret', url: `http://127.0.0.1:${port}/siteverify` }) };
}

async function ask(status: number, answer: object, token: string | undefined = 'token') {
  const { asked, captcha } = await createSiteverify(status, answer);
  const alarms: Alarm[] = [];
  const person = await isPerson(captcha, { token, clientAddress: '203.0.113.7' }, (alarm) =>
    alarms.push(alarm),
  );
  return { person, asked, alarms: alarms.map(({ kind }) => kind) };
}

test('a token that Turnstile accepts stands for a person', async () => {
  expect(await ask(200, { success: true, 'error-codes': [] })).toEqual({
    person: true,
    asked: [{ secret: 'our secret', response: 'token', remoteip: '203.0.113.7' }],
    alarms: [],
  });
});

test.each([
  ['made up', 'invalid-input-response'],
  ['used before', 'timeout-or-duplicate'],
  ['broken, so that it spoils our request,', 'bad-request'],
])('a token that is %s does not', async (_, code) => {
  const answer = { success: false, 'error-codes': [code] };
  for (const status of [200, 400])
    expect(await ask(status, answer)).toMatchObject({ person: false, alarms: [] });
});

test('without a token nobody is asked', async () => {
  const { captcha, asked } = await createSiteverify(200, { success: true });
  const answer = { token: undefined, clientAddress: undefined };
  expect(await isPerson(captcha, answer, () => {})).toBe(false);
  expect(asked).toEqual([]);
});

test.each<[string, number, object]>([
  ['is broken', 500, {}],
  ['does not know us', 200, { success: false, 'error-codes': ['invalid-input-secret'] }],
])('a captcha service that %s keeps nobody out, and an operator hears of it', async (_, status, answer) => {
  expect(await ask(status, answer)).toMatchObject({ person: true, alarms: ['captcha_unavailable'] });
});

import { request } from 'node:http';
import { networkInterfaces } from 'node:os';
import { freePort } from '@kyong/embedded-servers';
import { createHttpApp, createLogger } from '@kyong/service-kit';
import { expect, it, onTestFinished } from 'vitest';
import { createGateway } from './gateway.ts';

async function startGateway(host?: string): Promise<number> {
  const app = createHttpApp({ logger: createLogger({ service: 'test', level: 'silent' }), checks: {} });
  await app.ready();
  const gateway = createGateway();
  const port = await freePort();
  await gateway.listen(port, host);
  gateway.open([['/', app]]);
  onTestFinished(() => gateway.close());
  return port;
}

/** What a client gets that asks at an address by a name. @throws {Error} when nothing listens there. */
function ask(address: string, port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ host: address, port, path: '/health', headers: { host }, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

it('gateway answers to the names of this machine', async () => {
  const port = await startGateway();
  for (const host of ['localhost', `localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, 'LOCALHOST'])
    expect([host, await ask('127.0.0.1', port, host)]).toEqual([host, 200]);
});

it('gateway refuses a request when it comes by another name', async () => {
  const port = await startGateway();
  for (const host of [
    'rebind.example',
    `localhost.rebind.example:${port}`,
    'localhost:80:80',
    '127.0.0.1.nip.io',
  ])
    expect([host, await ask('127.0.0.1', port, host)]).toEqual([host, 421]);
});

it('gateway is not there for other machines unless it is told an address', async () => {
  const [own] = Object.values(networkInterfaces()).flatMap((each = []) =>
    each.filter(({ internal, family }) => !internal && family === 'IPv4'),
  );
  const port = await startGateway();
  if (own) await expect(ask(own.address, port, 'localhost')).rejects.toThrow('ECONNREFUSED');
  const open = await startGateway('0.0.0.0');
  expect(await ask('127.0.0.1', open, 'kyo.lan')).toBe(200);
});

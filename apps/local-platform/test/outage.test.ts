import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@kyong/testing';
import { PlatformProcess } from '@kyong/testing/platform-process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let platform: PlatformProcess;
beforeAll(async () => {
  platform = await PlatformProcess.start();
});
afterAll(() => platform?.discard());

function pidOf(part: 'master' | 'redis'): number {
  const file = part === 'redis' ? ['redis', 'server.json'] : ['postgres', 'master', 'data', 'postmaster.pid'];
  const text = readFileSync(join(platform.dataDirectory, ...file), 'utf8');
  return part === 'redis' ? (JSON.parse(text) as { pid: number }).pid : Number(text.split('\n')[0]);
}

/** PostgreSQL serves each connection with a process of its own. */
function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        // After the name in parentheses: state, parent, …
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')')).split(' ')[2]) === parent;
      } catch {
        return false;
      }
    });
}

const sending = () =>
  platform.request('POST', '/api/otp/send', {
    body: { channel: 'email', to: `a${Math.random()}@example.com` },
  });
const listing = () => platform.request('GET', '/tenants', { token: platform.operatorToken });
const parts = async () =>
  (await platform.request('GET', '/healthz')).body.parts as Record<string, { status: string }>;

describe.each([
  ['redis', 'redis', sending, 202],
  ['master', 'master-database', listing, 200],
] as const)('when %s', (server, part, request, success) => {
  it('hangs: 503 with Retry-After, /healthz says which, and it goes on when it is back', async () => {
    const processes = [pidOf(server), ...childrenOf(pidOf(server))];
    for (const pid of processes) process.kill(pid, 'SIGSTOP');
    try {
      const response = await request();
      expect([response.status, response.body.code]).toEqual([503, 'unavailable']);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      await eventually(async () => expect((await parts())[part]?.status).toBe('unavailable'));
      expect((await platform.request('GET', '/healthz')).status).toBe(503);
    } finally {
      for (const pid of processes) process.kill(pid, 'SIGCONT');
    }
    await eventually(async () => expect((await platform.request('GET', '/healthz')).status).toBe(200), {
      interval: 200,
    });
    await eventually(async () => expect((await request()).status).toBe(success), { interval: 200 });
  });

  it('dies: 503, then it is started again by itself', async () => {
    const pid = pidOf(server);
    process.kill(pid, 'SIGKILL');
    expect((await request()).status).toBe(503);
    await eventually(async () => expect((await request()).status).toBe(success), { interval: 200 });
    await eventually(async () => expect((await platform.request('GET', '/healthz')).status).toBe(200), {
      interval: 200,
    });
    expect(pidOf(server)).not.toBe(pid);
  });
});

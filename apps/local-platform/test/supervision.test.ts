import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { freePort } from '@kyong/embedded-servers';
import { eventually } from '@kyong/testing';
import { createDataDirectory } from '@kyong/testing/platform-process';
import { afterAll, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..', '..');

/** Each test leaves nothing running, and the next one finds the servers as they were left. */
const dataDirectory = createDataDirectory();
afterAll(() => rmSync(dirname(dataDirectory), { recursive: true, force: true }));

/** As a terminal does: `npm start` and all below it in one process group. */
async function npmStart() {
  const args = ['start', '--', '--data-dir', dataDirectory, '--port', String(await freePort())];
  const npm = spawn('npm', args, { cwd: root, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(npm, 'exit');
  let output = '';
  for (const stream of [npm.stdout, npm.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await eventually(() => {
    if (npm.exitCode !== null) throw new Error(`npm start ended: ${output}`);
    expect(output).toContain('Kyo is ready at');
  });
  const { pid } = npm;
  if (pid === undefined) throw new Error(output);
  const servers = ['master', 'shared'].map((name) =>
    join(dataDirectory, 'postgres', name, 'data', 'postmaster.pid'),
  );
  return {
    pid,
    ended,
    running: () => servers.filter((file) => existsSync(file)).length,
    output: () => output,
  };
}

it.each(['SIGINT', 'SIGTERM'] as const)(
  '%s to the whole group stops everything once, in order',
  async (signal) => {
    const { pid, ended, running, output } = await npmStart();
    expect(running()).toBe(2);
    process.kill(-pid, signal);
    expect((await ended)[0]).toBe(0);
    expect(output()).toContain('Stopped. The data stays.');
    expect(running()).toBe(0);
  },
);

it('SIGTERM to npm alone does the same', async () => {
  const { pid, ended, running } = await npmStart();
  process.kill(pid, 'SIGTERM');
  await ended;
  await eventually(() => expect(running()).toBe(0));
});

it('kill -9 of npm leaves nothing running', async () => {
  const { pid, ended, running } = await npmStart();
  process.kill(pid, 'SIGKILL');
  await ended;
  await eventually(() => expect(running()).toBe(0));
});

it('kill -9 of npm and all of its group leaves nothing running', async () => {
  const { pid, ended, running } = await npmStart();
  process.kill(-pid, 'SIGKILL');
  await ended;
  await eventually(() => expect(running()).toBe(0));
});

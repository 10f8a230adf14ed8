import { execFile } from 'node:child_process';
import { delimiter } from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../lib/code/index.ts';

/** `npx aws-cdk …` as a person types it, on the Node of this machine: nothing of the toolchain's is in its way. */
function npx(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const machine = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.startsWith(root));
  return new Promise((resolve) => {
    const child = execFile(
      'npx',
      ['--no-install', 'aws-cdk', ...args],
      // No account is asked, and none is needed.
      { cwd: root, env: { PATH: machine.join(delimiter), HOME: process.env.HOME, CI: 'true' } },
      (_, stdout, stderr) => resolve({ code: child.exitCode ?? 1, stdout, stderr }),
    );
  });
}

it('npx aws-cdk lists the stacks of a stage, and prints nothing else', async () => {
  const { code, stdout, stderr } = await npx('ls', '-c', 'stage=dev');
  expect(code, stderr).toBe(0);
  const stacks = stdout.trim().split('\n');
  expect(stacks).toHaveLength(12);
  expect(
    stacks.every((name) => /^kyo-dev-[a-z-]+$/.test(name)),
    stdout,
  ).toBe(true);
});

it.each(['ls', 'bootstrap'])(
  'npx aws-cdk %s says which stages there are when it is told none',
  async (name) => {
    const { code, stdout, stderr } = await npx(name);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain('✗ Say which stage: -c stage=dev or prod.');
    expect(stderr).not.toMatch(/^ +at /m);
  },
);

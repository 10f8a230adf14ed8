import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { reachableCopy, unprivilegedAccount } from '../src/unprivileged.ts';

it('programs that were installed under a umask of 077 are copied for the account that runs them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kyo-test-umask-'));
  chmodSync(folder, 0o755);
  const program = join(folder, 'native', 'bin', 'initdb');
  for (const each of ['native', 'native/bin']) mkdirSync(join(folder, each), { mode: 0o700 });
  writeFileSync(program, '', { mode: 0o700 });
  const copy = await reachableCopy(join(folder, 'native'), basename(folder));
  onTestFinished(() => {
    for (const each of [folder, copy]) if (existsSync(each)) rmSync(each, { recursive: true });
  });
  if (unprivilegedAccount()) expect(statSync(join(copy, 'bin', 'initdb')).mode & 0o777).toBe(0o755);
  else expect(copy).toBe(join(folder, 'native'));
});

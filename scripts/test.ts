// Runs every test and ends with one line that says how it went. Arguments go to vitest: `npm test -- tenancy`.
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const memory = roomyMemory();
const folder = mkdtempSync(join(memory ?? tmpdir(), 'kyo-test-'));
// Entered, not listed, by the account PostgreSQL runs under when we are root.
chmodSync(folder, 0o711);
const resultFile = join(folder, 'results.json');
const vitest = join(import.meta.dirname, '..', 'node_modules', '.bin', 'vitest');
const args = [
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${resultFile}`,
  ...process.argv.slice(2),
];

const code = await new Promise<number>((resolve, reject) => {
  const child = spawn(vitest, args, {
    stdio: 'inherit',
    env: { ...process.env, ...(memory && { TMPDIR: folder }) },
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  child.on('error', reject);
  child.on('exit', (status) => resolve(status ?? 1));
});

const { passed, failed, skipped } = readResults();
rmSync(folder, { recursive: true, force: true });
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
process.exitCode = code === 0 && failed === 0 && passed > 0 ? 0 : 1;

/** A file system in memory, where there is one with room: servers of tests by the hundred cost twice as much on a disk. */
function roomyMemory(): string | undefined {
  const [folder, neededBytes] = ['/dev/shm', 8 * 2 ** 30];
  if (!existsSync(folder)) return undefined;
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize >= neededBytes ? folder : undefined;
}

function readResults(): { passed: number; failed: number; skipped: number } {
  try {
    const results = JSON.parse(readFileSync(resultFile, 'utf8')) as Record<string, number>;
    const count = (name: string) => results[name] ?? 0;
    return {
      passed: count('numPassedTests'),
      // A file that could not even be loaded has no tests of its own, and is a failure all the same.
      failed: count('numFailedTests') || (code === 0 ? 0 : 1),
      skipped: count('numPendingTests') + count('numTodoTests'),
    };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../lib/code/index.ts';

/** Of a difference of every stack. */
const maxOutputBytes = 64 * 1024 * 1024;
const cli = join(dirname(createRequire(import.meta.url).resolve('aws-cdk/package.json')), 'bin', 'cdk');

/** The CDK command line of this repository, as the user's own: it asks and prints. @throws {Error} when it fails. */
export async function cdk(...args: string[]): Promise<void> {
  const child = spawn(process.execPath, ['--no-warnings', cli, '--no-notices', ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`cdk ${args[0]} ended with code ${code}.`);
}

/** The same, and answers with what it prints. */
export async function readCdk(...args: string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--no-warnings', cli, '--no-notices', '--no-color', ...args],
    {
      cwd: root,
      maxBuffer: maxOutputBytes,
    },
  );
  return `${stdout}${stderr}`.trim();
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { root } from '../lib/code/index.ts';

const cli = join(dirname(createRequire(import.meta.url).resolve('aws-cdk/package.json')), 'bin', 'cdk');

/** The CDK command line of this repository, as the user's own: it prints. @throws {Error} when it fails. */
export async function cdk(...args: string[]): Promise<void> {
  const child = spawn(process.execPath, ['--no-warnings', cli, '--no-notices', ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`cdk ${args[0]} ended with code ${code}.`);
}

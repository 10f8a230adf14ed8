import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { CommandFailed } from './failure.ts';

const folder = join(import.meta.dirname, '..', '..', '..', 'infrastructure', 'commands');

/** What a stage is stands in `infrastructure/`: its own programs answer, with output and exit code of their own. */
export async function runInfrastructureCommand(name: 'cost' | 'doctor', args: string[]): Promise<void> {
  const child = spawn(process.execPath, [join(folder, `${name}.ts`), ...args], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new CommandFailed('');
}

import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';

export interface Machine {
  processor: string;
  cores: number;
  memoryGigabytes: number;
  system: string;
  node: string;
}

export function describeMachine(): Machine {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
  };
}

/** The core under test, and the one for everything else. */
export const cores = { server: 0, load: 1 } as const;

/** Whether programs can be held on one core here. Without that, figures of two runs are hard to compare. */
export const canPin = hasTaskset() && availableParallelism() > 1;

/** Holds this process, and whatever it starts from now on, on one core. */
export function pinSelf(core: number): void {
  if (canPin)
    execFileSync('taskset', ['-a', '-c', '-p', String(core), String(process.pid)], { stdio: 'ignore' });
}

/** The command that runs `file` on one core. */
export function pinned(core: number, file: string, args: string[]): [file: string, args: string[]] {
  return canPin ? ['taskset', ['-c', String(core), file, ...args]] : [file, args];
}

function hasTaskset(): boolean {
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

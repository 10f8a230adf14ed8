import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A server could not be started, found or stopped; the message says what to do. */
export class ServerError extends Error {
  override name = 'ServerError';
}

const pollMilliseconds = 10;

/** Waits until `condition` gives something. @throws {ServerError} after `timeoutSeconds`. */
export async function waitFor<T>(
  what: string,
  timeoutSeconds: number,
  condition: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const deadline = Date.now() + timeoutSeconds * 1000;
  for (;;) {
    const result = await condition();
    if (result !== undefined) return result;
    if (Date.now() > deadline) throw new ServerError(`${what} took longer than ${timeoutSeconds} s.`);
    await sleep(pollMilliseconds);
  }
}

/**
 * Below those that systems give to connections (Linux from 32768, macOS from 49152). A server comes back to its port, and while
 * it is away a client that tries again and again could be given that very port to connect from, and keep it.
 */
const serverPorts = { from: 20_000, below: 32_768 };

/** A TCP port nobody listens on, on the loopback interface. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(serverPorts.from, serverPorts.below);
    if (await isPortFree(port)) return port;
  }
}

/** Whether anyone listens on this loopback port. */
export async function isPortFree(port: number): Promise<boolean> {
  const probe = createServer();
  try {
    probe.listen(port, '127.0.0.1');
    await once(probe, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    probe.close();
  }
}

const lingerSeconds = 2;

/**
 * Whether a server may have its port again: what was connected to one that was killed holds it for a moment longer. Waits for
 * that, so that the server comes back where its clients look for it.
 */
export function isPortFreeAgain(port: number): Promise<boolean> {
  const becomesFree = async () => (await isPortFree(port)) || undefined;
  return waitFor(`Port ${port}`, lingerSeconds, becomesFree).catch(() => false);
}

export interface Command {
  file: string;
  args: string[];
  options: { uid?: number; gid?: number; env: NodeJS.ProcessEnv };
}

/**
 * What a server of ours gets of a person's environment: where programs and libraries are. A `PGSSLMODE`, a locale or a time zone
 * would change what it does, and a `HOME` that its account may not enter stops libpq inside PostgreSQL, which looks for
 * certificates there (PostgreSQL, "SSL Support" in libpq).
 */
export function serverEnvironment(home: string): NodeJS.ProcessEnv {
  const { PATH, LD_LIBRARY_PATH } = process.env;
  return { PATH, LD_LIBRARY_PATH, HOME: home, LC_ALL: 'C', TZ: 'UTC' };
}

/**
 * Starts a server that outlives a crash of ours and does not get the terminal's Ctrl-C: it is stopped in order, after
 * those who use it. Its output goes to `logFile`. Returns its process id and a promise of its end.
 */
export function startDetached(
  command: Command,
  logFile: string,
): { pid: number; ended: Promise<number | null> } {
  const log = openSync(logFile, 'a', 0o600);
  try {
    const child = spawn(command.file, command.args, {
      ...command.options,
      detached: true,
      stdio: ['ignore', log, log],
    });
    const ended = new Promise<number | null>((resolve, reject) => {
      child.on('exit', resolve);
      child.on('error', reject);
    });
    ended.catch(() => {});
    child.unref();
    return { pid: child.pid ?? -1, ended };
  } finally {
    closeSync(log);
  }
}

/** Whether the process lives and, where the system tells, is the one whose command line holds `mark`. */
export function isAlive(pid: number, mark: string): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const commandLine = `/proc/${pid}/cmdline`;
  // A process id is used again after a restart of the machine; then it is somebody else's.
  return (
    !existsSync('/proc/self/cmdline') ||
    (existsSync(commandLine) && readFileSync(commandLine, 'utf8').includes(mark))
  );
}

/** Ends a process: the polite signal first, the hard one after `graceSeconds`. */
export async function endProcess(
  pid: number,
  mark: string,
  polite: NodeJS.Signals,
  graceSeconds: number,
): Promise<void> {
  const gone = () => (isAlive(pid, mark) ? undefined : true);
  for (const signal of [polite, 'SIGKILL'] as const) {
    if (gone()) return;
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    const ended = await waitFor('Stopping', graceSeconds, gone).catch(() => false);
    if (ended) return;
  }
}

/** The last lines of a log, for an error message. */
export function logTail(logFile: string, lines = 5): string {
  return existsSync(logFile) ? readFileSync(logFile, 'utf8').trim().split('\n').slice(-lines).join('\n') : '';
}

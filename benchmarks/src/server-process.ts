import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nextMessage } from './child-message.ts';
import { cores, pinned } from './machine.ts';

/** A server under test, in a process and on a core of its own. */
export interface ServerProcess {
  port: number;
  /** Processor time it has used so far, of all its threads, in microseconds. */
  cpuMicroseconds: () => Promise<number>;
  /** What its heap holds, garbage collected. */
  heapBytes: () => Promise<number>;
  stop: () => Promise<void>;
}

export type ServerMessage = { port: number } | { cpuMicroseconds: number } | { heapBytes: number };

/** `NODE_OPTIONS` of our image, for our own servers. Peers run as their documentation shows them. */
export function nodeOptionsOfImage(): string {
  const dockerfile = readFileSync(join(import.meta.dirname, '../../Dockerfile'), 'utf8');
  const [, options] = /^ENV NODE_OPTIONS="(.*)"$/m.exec(dockerfile) ?? [];
  if (options === undefined) throw new Error('The Dockerfile sets no NODE_OPTIONS.');
  return options;
}

/** Starts `file`, which calls `report` of `server-under-test.ts`. Its log goes to `logFile`, as in production to a pipe. */
export async function startServer(options: {
  file: string;
  configuration: object;
  logFile: string;
  nodeOptions?: string;
}): Promise<ServerProcess> {
  const log = openSync(options.logFile, 'a');
  const [command, args] = pinned(cores.server, process.execPath, [options.file]);
  const child = spawn(command, args, {
    stdio: ['ignore', log, 'inherit', 'ipc'],
    env: {
      ...process.env,
      NODE_ENV: 'production',
      NODE_OPTIONS: options.nodeOptions ?? '',
      KYO_BENCHMARK: JSON.stringify(options.configuration),
    },
  });
  const { port } = await nextMessage<{ port: number }>(child);
  return {
    port,
    cpuMicroseconds: async () => {
      child.send('cpu');
      const { cpuMicroseconds } = await nextMessage<{ cpuMicroseconds: number }>(child);
      return cpuMicroseconds;
    },
    heapBytes: async () => {
      child.send('heap');
      const { heapBytes } = await nextMessage<{ heapBytes: number }>(child);
      return heapBytes;
    },
    stop: async () => {
      if (child.exitCode !== null) return;
      child.disconnect();
      await once(child, 'exit');
    },
  };
}

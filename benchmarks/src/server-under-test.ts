import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { ServerMessage } from './server-process.ts';

/** What the benchmark told this process. */
export function readConfiguration<T>(): T {
  return JSON.parse(process.env.KYO_BENCHMARK ?? '{}') as T;
}

/** Tells the benchmark where this server listens, and how much processor time it has used whenever it asks. */
export function report(port: number): void {
  const send = (message: ServerMessage) => process.send?.(message);
  process.on('message', (wanted) => {
    const { user, system } = process.cpuUsage();
    if (wanted === 'heap') send({ heapBytes: heapInUse() });
    else send({ cpuMicroseconds: user + system });
  });
  process.on('disconnect', () => process.exit());
  send({ port });
}

/** Without what is garbage already. */
function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

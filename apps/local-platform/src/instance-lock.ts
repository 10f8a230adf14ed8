import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

type State = 'running' | 'stopping';

/** Another platform uses the same data directory. */
export class AlreadyRunning extends Error {
  override name = 'AlreadyRunning';
}

export interface InstanceLock {
  /** Tells a platform that starts meanwhile to wait for our end. */
  stopping(): void;
  release(): Promise<void>;
}

/** A platform whose starter was killed notices within a second and stops; so long a new one is patient. */
const patienceSeconds: Record<State, number> = { running: 4, stopping: 30 };
const pollMilliseconds = 100;
/** Longest path of a Unix socket, minus the terminating zero (`sun_path`: 104 bytes on macOS, 108 on Linux). */
const maxSocketPathBytes = 103;

/**
 * Sees to it that one platform at a time works in a data directory. The lock is a socket somebody listens on: the
 * operating system closes it whatever way its owner ends, so it cannot be left behind.
 * @throws {AlreadyRunning}
 */
export async function lockInstance(dataDirectory: string): Promise<InstanceLock> {
  const path = socketPath(dataDirectory);
  const startedAt = Date.now();
  for (;;) {
    let state: State = 'running';
    const server = createServer((socket) => socket.on('error', () => {}).end(state));
    if (await listen(server, path)) {
      return {
        stopping: () => {
          state = 'stopping';
        },
        release: async () => {
          server.close();
          await once(server, 'close');
        },
      };
    }
    const owner = await stateOfOwner(path);
    if (owner === undefined) rmSync(path, { force: true });
    else if (Date.now() - startedAt > patienceSeconds[owner] * 1000) {
      throw new AlreadyRunning(
        `Kyo already runs with the data in ${dataDirectory}. Stop it first, or start another one: npm start -- --data-dir DIR --port N`,
      );
    }
    await sleep(pollMilliseconds);
  }
}

function socketPath(dataDirectory: string): string {
  const inside = join(dataDirectory, 'platform.sock');
  if (Buffer.byteLength(inside) <= maxSocketPathBytes) return inside;
  const name = createHash('sha256').update(dataDirectory).digest('hex').slice(0, 16);
  return join(tmpdir(), `kyo-${name}.sock`);
}

async function listen(server: Server, path: string): Promise<boolean> {
  try {
    server.listen(path);
    await once(server, 'listening');
    server.unref();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return false;
  }
}

/** What the owner says of itself; undefined when nobody listens any more. */
async function stateOfOwner(path: string): Promise<State | undefined> {
  const socket = connect(path);
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString();
  });
  try {
    await once(socket, 'close');
    return text === 'stopping' ? 'stopping' : 'running';
  } catch {
    return undefined;
  }
}

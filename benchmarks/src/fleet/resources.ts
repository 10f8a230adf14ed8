import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { PostgresServer } from '@kyong/embedded-servers';
import { withConnection } from '@kyong/postgres';

/** Memory of a server and all its processes, each shared page counted once (PSS); NaN where the system does not tell. */
export function memoryMegabytes(server: PostgresServer): number {
  if (!existsSync('/proc/self/smaps_rollup')) return Number.NaN;
  const main = mainProcessOf(server);
  const kilobytes = [main, ...childrenOf(main)].map((pid) => {
    try {
      return Number(/^Pss: +(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
    } catch {
      // It has just ended.
      return 0;
    }
  });
  return kilobytes.reduce((sum, size) => sum + size, 0) / 1024;
}

/**
 * Processor time that servers and this process have used so far, with all their children, in seconds; NaN where the system
 * does not tell. Other work on the machine disturbs it less than it does the time on the clock.
 */
export function processorSeconds(servers: PostgresServer[]): number {
  if (!existsSync('/proc/self/stat')) return Number.NaN;
  const mains = servers.map(mainProcessOf);
  const processes = [process.pid, ...mains, ...mains.flatMap(childrenOf)];
  const ticks = processes.flatMap((pid) => statOf(pid)?.slice(11, 15).map(Number) ?? []);
  return ticks.reduce((sum, count) => sum + count, 0) / ticksPerSecond;
}

/** Linux counts the time of processes in these, on every machine we know. */
const ticksPerSecond = 100;

const mainProcessOf = (server: PostgresServer) =>
  Number(readFileSync(`${server.directory}/data/postmaster.pid`, 'utf8').split('\n')[0]);

/** The fields of `/proc/PID/stat` from the third on: state, parent, …; undefined when the process has just ended. */
function statOf(pid: number): string[] | undefined {
  try {
    // `pid (name) state parent …`; a name may hold blanks, so it is cut off first.
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ');
  } catch {
    return undefined;
  }
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => Number(statOf(pid)?.[1]) === parent);
}

/** Looks again and again at how many clients a server has, and tells the most when it is stopped. */
export function watchConnections(server: PostgresServer): () => Promise<number> {
  const stopping = new AbortController();
  let most = 0;
  const watching = withConnection({ ...server.endpoint, database: 'postgres' }, async (client) => {
    while (!stopping.signal.aborted) {
      const { rows } = await client.query<{ count: number }>(
        "SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
      );
      most = Math.max(most, rows[0]?.count ?? 0);
      await client.query('SELECT pg_sleep(0.05)');
    }
  });
  return async () => {
    stopping.abort();
    await watching;
    return most;
  };
}

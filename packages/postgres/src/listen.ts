import pg from 'pg';
import type { Connection, ConnectionUrl } from './pool.ts';

const reconnectMilliseconds = 500;
/** How the server knows a connection that listens. */
export const listenerName = 'kyo listen';

export interface ListenCallbacks {
  /** By channel. */
  notified: Record<string, (payload: string) => void>;
  /** Listening now; notifications of before are lost. */
  connected: () => void;
  error: (error: Error) => void;
}

/** Listens on channels (LISTEN) over a connection of its own, which is made again whenever it breaks. */
export function listen(
  connection: Connection | ConnectionUrl,
  on: ListenCallbacks,
): { stop(): Promise<void> } {
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const connect = async () => {
    const current = new pg.Client({ ...connection, application_name: listenerName, keepAlive: true });
    client = current;
    current.on('notification', ({ channel, payload }) => on.notified[channel]?.(payload ?? ''));
    current.on('error', on.error);
    current.on('end', again);
    try {
      await current.connect();
      for (const channel of Object.keys(on.notified))
        await current.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
      on.connected();
    } catch (error) {
      on.error(error as Error);
      await current.end().catch(() => {});
      again();
    }
  };
  const again = () => {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(() => void connect(), reconnectMilliseconds);
  };
  void connect();

  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await client?.end().catch(() => {});
    },
  };
}

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PostgresServer, type PostgresSettings } from '@kyong/embedded-servers';
import { localWindow, refuseTooEarly } from './local-window.ts';
import type { ServerCopies } from './server-copies.ts';

export interface LocalServerCopies extends ServerCopies {
  /** Stops those there are; what they were made for goes on with them later. */
  stopAll(): Promise<void>;
}

/** Copies of a server of this machine, recovered from its archive into servers of their own under `directory`. */
export function localServerCopies(
  live: PostgresServer,
  directory: string,
  { archive: _, ...settings }: PostgresSettings,
): LocalServerCopies {
  const copyIn = (folder: string) => new PostgresServer(join(directory, folder), settings);
  return {
    window: async (now) => localWindow(live, now),

    async open({ databaseName }, to) {
      const copy = copyIn(databaseName);
      if (!copy.exists) refuseTooEarly(live, to);
      await copy.recoverFrom(live, to);
      return { admin: { ...(await copy.start()), database: 'postgres' } };
    },

    close: ({ databaseName }) => copyIn(databaseName).destroy(),

    async stopAll() {
      const folders = existsSync(directory) ? readdirSync(directory) : [];
      await Promise.all(folders.map((folder) => copyIn(folder).stop()));
    },
  };
}

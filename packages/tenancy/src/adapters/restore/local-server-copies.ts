import { join } from 'node:path';
import { PostgresServer, type PostgresSettings } from '@kyong/embedded-servers';
import { localWindow, refuseTooEarly } from './local-window.ts';
import type { ServerCopies } from './server-copies.ts';

/** Copies of a server of this machine, recovered from its archive into servers of their own under `directory`. */
export function localServerCopies(
  live: PostgresServer,
  directory: string,
  { archive: _, ...settings }: PostgresSettings,
): ServerCopies {
  const copyFor = ({ databaseName }: { databaseName: string }) =>
    new PostgresServer(join(directory, databaseName), settings);
  return {
    window: async (now) => localWindow(live, now),

    async open(target, to) {
      refuseTooEarly(live, to);
      const copy = copyFor(target);
      await copy.recoverFrom(live, to);
      return { admin: { ...(await copy.start()), database: 'postgres' } };
    },

    close: (target) => copyFor(target).destroy(),
  };
}

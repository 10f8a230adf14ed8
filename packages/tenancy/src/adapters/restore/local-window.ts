import type { PostgresServer } from '@kyong/embedded-servers';
import { OperationRefused } from '../../operation.ts';
import type { RestorableWindow } from '../../ports.ts';

/** A server's archive goes back to its first base backup, and up to now. */
export function localWindow(server: PostgresServer, now: Date): RestorableWindow | undefined {
  const from = server.archive?.restorableSince;
  return from && { from, until: now };
}

/** @throws {OperationRefused} */
export function refuseTooEarly(server: PostgresServer, to: Date): void {
  const since = server.archive?.restorableSince;
  if (since && since <= to) return;
  throw new OperationRefused(
    since
      ? `The backups reach back to ${since.toISOString()}. Choose a later time.`
      : 'There is no backup yet; the first one is taken within a minute. Try again then.',
  );
}

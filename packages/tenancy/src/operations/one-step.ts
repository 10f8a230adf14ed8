import { OperationRefused } from '../operation.ts';
import type { AdminConnection, Ports } from '../ports.ts';

/**
 * Of a database's size in bytes, what copying it into another one, or exporting it, gets done in a second at least. On two
 * busy cores of a laptop it is 11 MB for a copy, which is compared afterwards, and 40 MB for an export.
 */
const bytesPerSecond = 10_000_000;

/** Refuses what would be cut off, again and again, before its end. @throws {OperationRefused} with the remedy. */
export async function assertFitsOneStep(
  admin: AdminConnection,
  { database, longestStepSeconds }: Pick<Ports, 'database' | 'longestStepSeconds'>,
  remedy: string,
): Promise<void> {
  if (longestStepSeconds === null) return;
  const most = longestStepSeconds * bytesPerSecond;
  const size = await database.size(admin);
  if (size <= most) return;
  throw new OperationRefused(
    `The database holds ${gigabytes(size)}, and at most ${gigabytes(most)} are read in the time there is. ${remedy}`,
  );
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

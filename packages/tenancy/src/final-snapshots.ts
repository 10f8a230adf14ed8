import type { Ports } from './ports.ts';

const dayMilliseconds = 86_400_000;

/** Ends the last snapshots of servers that are gone, when they have been kept for long enough. Answers with their names. */
export async function endFinalSnapshots({
  hosts,
  lifecycle: { finalSnapshotDays },
  now,
}: Pick<Ports, 'hosts' | 'lifecycle' | 'now'>): Promise<string[]> {
  if (finalSnapshotDays === null) return [];
  const before = new Date(now().getTime() - finalSnapshotDays * dayMilliseconds);
  return (await hosts.dedicated.endFinalSnapshots?.(before)) ?? [];
}

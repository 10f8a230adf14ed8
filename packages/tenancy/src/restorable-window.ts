import type { Placement } from '@kyong/contracts';
import type { DatabaseHost, RestorableWindow } from './ports.ts';
import type { Tenant } from './tenant.ts';

/** What knows of backups, and has no way into what they are of. */
export interface Backups {
  hosts: Record<Placement, Pick<DatabaseHost, 'restorableWindow'>>;
  now: () => Date;
}

/** Between which times the tenant can be had as it was: as far as the backups go, and no further than it is old. */
export async function restorableWindowOf(
  { reservation, createdAt }: Tenant,
  { hosts, now }: Backups,
): Promise<RestorableWindow | undefined> {
  const window = reservation && (await hosts[reservation.placement].restorableWindow(reservation, now()));
  return window ? { ...window, from: window.from < createdAt ? createdAt : window.from } : undefined;
}

/** Why `to` cannot be had, in words for the one who asked; undefined when it can. */
export function outsideWindow(window: RestorableWindow | undefined, to: Date): string | undefined {
  if (!window) return 'There is no backup of this tenant yet: the first one is being taken.';
  if (window.from <= to && to <= window.until) return undefined;
  return `${to.toISOString()} cannot be restored. Choose a time from ${window.from.toISOString()} to ${window.until.toISOString()}.`;
}

import type { AdminConnection, RestorableWindow } from '../../ports.ts';
import type { DatabaseReservation } from '../../tenant.ts';

/** A shared server once more, whole, on the side, as it was: what one tenant's database is taken from. */
export interface ServerCopies {
  window(now: Date): Promise<RestorableWindow | undefined>;
  /** Begins, or continues, to make the copy that the restored `target` is taken from; a way in once it answers. */
  open(target: DatabaseReservation, to: Date): Promise<{ admin: AdminConnection } | { detail: string }>;
  /** Takes the copy away. Safe to repeat. */
  close(target: DatabaseReservation): Promise<void>;
}

import type { Claim, Ports } from '../ports.ts';
import type { DatabaseReservation } from '../tenant.ts';
import { announce, hostOf, reservationOf, targetOf } from './context.ts';
import {
  ensureAppRole,
  migrate,
  switchToTarget,
  targetDatabase,
  waitUntilAvailable,
} from './database-steps.ts';
import { done, type Step } from './step.ts';

/** From now on this operation works on the database that was restored. */
export const takeRestored: Step = {
  name: 'take-restored',
  async run(claim, ports) {
    await ports.store.takeRestored(claim);
    return done();
  },
  async undo(claim, ports) {
    await ports.store.keepRestored(claim);
  },
};

/**
 * Puts the restored database in the place of the live one, which is kept: what was written to it since is there. Requests are
 * refused for the moment between the two.
 */
export const swapRestored: Step[] = [
  takeRestored,
  waitUntilAvailable(targetDatabase),
  {
    // The password and the schema may have changed since the restore.
    name: 'open-role',
    async run(claim, ports) {
      await ensureAppRole(targetOf(claim), ports);
      return done();
    },
  },
  migrate(targetDatabase),
  {
    name: 'close-live',
    async run(claim, ports) {
      if (isServed(claim)) await ports.store.setStatus(claim, 'restoring');
      return done(`${await close(reservationOf(claim), ports)} connections ended`);
    },
    async undo(claim, ports) {
      if (!isServed(claim)) return;
      await open(reservationOf(claim), ports);
      await ports.store.setStatus(claim, 'active');
    },
  },
  switchToTarget,
  {
    name: 'open-restored',
    mustSucceed: true,
    async run(claim, ports) {
      if (isServed(claim)) {
        await open(reservationOf(claim), ports);
        return done();
      }
      await close(reservationOf(claim), ports);
      return done('the tenant is suspended');
    },
  },
  announce('TenantRestored'),
];

/** A tenant that was suspended stays shut out of whichever database is its own. */
function isServed({ tenant }: Claim): boolean {
  return tenant.status !== 'suspended';
}

async function close(reservation: DatabaseReservation, ports: Ports): Promise<number> {
  const admin = await hostOf(reservation, ports).adminConnection(reservation);
  return ports.database.closeRole(admin, reservation.roleName);
}

async function open(reservation: DatabaseReservation, ports: Ports): Promise<void> {
  const admin = await hostOf(reservation, ports).adminConnection(reservation);
  await ports.database.openRole(admin, reservation.roleName);
}

import { adminConnectionOf, announce, reservationOf } from './context.ts';
import { done, type Step } from './step.ts';

/** Lets a suspended or leaving tenant back in: first at its database; everywhere when the operation ends. */
export const resume: Step[] = [
  {
    name: 'open-database',
    async run(claim, ports) {
      await ports.database.openRole(await adminConnectionOf(claim, ports), reservationOf(claim).roleName);
      return done();
    },
    async undo(claim, ports) {
      await ports.database.closeRole(await adminConnectionOf(claim, ports), reservationOf(claim).roleName);
    },
  },
  {
    name: 'cancel-departure',
    mustSucceed: true,
    async run(claim, ports) {
      const departure = await ports.store.findDeparture(claim.tenant.id);
      if (!departure) return done();
      await ports.archives.delete(departure.archive.ref);
      await ports.store.cancelDeparture(claim);
      return done('it was leaving; its export is deleted');
    },
  },
  announce('TenantResumed'),
];

import { adminConnectionOf, announce, reservationOf } from './context.ts';
import { done, type Step } from './step.ts';

/** Lets a suspended tenant back in: first at its database, then everywhere. */
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
    name: 'activate',
    mustSucceed: true,
    async run(claim, ports) {
      await ports.store.setStatus(claim, 'active');
      return done();
    },
  },
  announce('TenantResumed'),
];

import { operationInput } from '@kyong/contracts';
import { announce, hostOf } from './context.ts';
import { done, type Step } from './step.ts';

/** The tenant is well where it lives now: where it lived before is destroyed, sooner than its time, or because it has come. */
export const confirm: Step[] = [
  {
    name: 'destroy-previous',
    async run(claim, ports) {
      const { expiredBy } = operationInput.confirm.parse(claim.operation.input);
      const all = await ports.store.findSecondDatabases(claim.tenant.id);
      const due = all.filter(
        ({ keepUntil }) =>
          keepUntil !== null && (expiredBy === undefined || keepUntil <= new Date(expiredBy)),
      );
      for (const { operationId, reservation } of due) {
        // As an offboarded one: its backups hold the tenant's past until they expire.
        await hostOf(reservation, ports).destroy(reservation, 'offboard');
        await ports.store.forgetPrevious(claim, operationId);
      }
      return done(`${due.length} destroyed`);
    },
  },
  announce('TenantChangeConfirmed'),
];

import { adminConnectionOf, announce, reservationOf } from './context.ts';
import { done, type Step } from './step.ts';

/**
 * Shuts a tenant out of its own data, which is kept. The tenant counts as suspended from the request on: no new token is
 * given for it, and services stop serving it. Then the database itself refuses its role.
 */
export const suspend: Step[] = [closeDatabase(), announce('TenantSuspended')];

/** The database itself refuses the tenant. */
export function closeDatabase(): Step {
  return {
    name: 'close-database',
    mustSucceed: true,
    async run(claim, ports) {
      const cut = await ports.database.closeRole(
        await adminConnectionOf(claim, ports),
        reservationOf(claim).roleName,
      );
      return done(`${cut} connections ended`);
    },
  };
}

import { operationInput } from '@kyong/contracts';
import { plans } from '../plan.ts';
import type { Claim } from '../ports.ts';
import { announce, hostOf, reservationOf } from './context.ts';
import { ensureAppRole } from './database-steps.ts';
import { relocate } from './relocate.ts';
import { done, type Step } from './step.ts';

const inputOf = ({ operation }: Claim) => operationInput['change-plan'].parse(operation.input);

const pollSeconds = 15;
/** RDS takes minutes for another class, and hours to settle more storage, which it does while it answers. */
const resizeAtMostSeconds = 2 * 3600;

const announced = announce('TenantPlanChanged', (claim) => ({ previousPlan: inputOf(claim).from }));

/** The tenant stays where it is; its server and its role get what the new plan buys. */
export const resize: Step[] = [
  {
    name: 'resize',
    waitAtMostSeconds: resizeAtMostSeconds,
    async run(claim, ports) {
      const { to, time } = inputOf(claim);
      const reservation = { ...reservationOf(claim), plan: to };
      const { done: finished, detail } = await hostOf(reservation, ports).resize(reservation, time);
      return finished ? done(detail) : { done: false, afterSeconds: pollSeconds, detail };
    },
    async undo(claim, ports) {
      const { from, time } = inputOf(claim);
      const reservation = { ...reservationOf(claim), plan: from };
      const { done: finished, detail } = await hostOf(reservation, ports).resize(reservation, time);
      if (!finished) throw new Error(`Not the former size yet: ${detail}.`);
    },
  },
  {
    name: 'limit-connections',
    async run(claim, ports) {
      const { connectionLimit } = plans[inputOf(claim).to];
      await ensureAppRole(reservationOf(claim), ports, connectionLimit);
      return done(`at most ${connectionLimit}`);
    },
    async undo(claim, ports) {
      await ensureAppRole(reservationOf(claim), ports, plans[inputOf(claim).from].connectionLimit);
    },
  },
  {
    name: 'record-plan',
    mustSucceed: true,
    async run(claim, ports) {
      await ports.store.recordPlan(claim, inputOf(claim).to);
      return done();
    },
  },
  announced,
];

/** The tenant gets a server of its own, or goes from its own to a shared one. */
export const changePlacement: Step[] = [
  ...relocate((claim) => {
    const { to, placement } = inputOf(claim);
    return { plan: to, placement, wish: {} };
  }),
  announced,
];

import { operationInput } from '@kyong/contracts';
import { announce, reservationOf } from './context.ts';
import { relocate } from './relocate.ts';
import type { Step } from './step.ts';

/** Takes a tenant from one shared server to another; its plan stays. */
export const move: Step[] = [
  ...relocate((claim) => {
    const { instanceId, from } = operationInput.move.parse(claim.operation.input);
    const { plan, placement } = reservationOf(claim);
    return {
      plan,
      placement,
      wish: { except: from, ...(instanceId !== undefined && { instanceId }) },
    };
  }),
  announce('TenantMoved'),
];

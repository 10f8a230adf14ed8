import type { OperationKind, TenantEvent, TenantStatus } from '@kyong/contracts';
import type { Claim } from '../ports.ts';
import type { Tenant } from '../tenant.ts';
import { changePlacement, resize } from './change-plan.ts';
import { confirm } from './confirm.ts';
import { eventOf } from './context.ts';
import { discardRestored } from './discard-restored.ts';
import { erase } from './erase.ts';
import { move } from './move.ts';
import { offboard } from './offboard.ts';
import { provision } from './provision.ts';
import { restore } from './restore.ts';
import { resume } from './resume.ts';
import { rotateSecret } from './rotate-secret.ts';
import type { Step } from './step.ts';
import { suspend } from './suspend.ts';
import { swapRestored } from './swap-restored.ts';

interface OperationDefinition {
  steps: Step[];
  /** Where there are several ways to do it: the steps of each, told apart by the first. */
  ways?: Step[][];
  /** The statuses in which a tenant may be asked to undergo it. */
  from: readonly TenantStatus[];
  /** The tenant's status from the request on; as it was, when absent. */
  during?: TenantStatus;
  /** Whether it may be done again when it was the last thing done; else that request finds the operation that was. */
  repeatable?: boolean;
  /** The tenant's status when it has succeeded, from the moment on in which the operation ends; as it was, when absent. */
  succeeded?: TenantStatus | ((tenant: Tenant) => TenantStatus);
  /** The tenant's status when it failed; as it was, when absent. */
  failed?: TenantStatus;
  /** The event that says it failed. */
  failure(claim: Claim, reason: string, occurredAt: Date): TenantEvent;
}

/** Every kind of change to a tenant. */
export const operations: Record<OperationKind, OperationDefinition> = {
  provision: {
    steps: provision,
    // Asked for by a name that is free: see requestProvision.
    from: [],
    during: 'provisioning',
    succeeded: 'active',
    failed: 'failed',
    failure: (claim, reason, at) => eventOf('TenantProvisioningFailed', claim, at, { reason }),
  },
  suspend: {
    steps: suspend,
    from: ['active'],
    during: 'suspended',
    failed: 'suspended',
    failure: (claim, reason, at) => eventOf('TenantSuspensionFailed', claim, at, { reason }),
  },
  resume: {
    steps: resume,
    from: ['suspended', 'offboarding'],
    succeeded: 'active',
    failed: 'suspended',
    failure: (claim, reason, at) => eventOf('TenantResumptionFailed', claim, at, { reason }),
  },
  'change-plan': {
    // One or the other: see requestChangePlan.
    steps: [...resize, ...changePlacement],
    ways: [resize, changePlacement],
    from: ['active'],
    during: 'changing-plan',
    succeeded: 'active',
    failed: 'active',
    failure: (claim, reason, at) => eventOf('TenantPlanChangeFailed', claim, at, { reason }),
  },
  move: {
    steps: move,
    from: ['active'],
    failure: (claim, reason, at) => eventOf('TenantMoveFailed', claim, at, { reason }),
  },
  confirm: {
    steps: confirm,
    from: ['active', 'suspended'],
    failure: (claim, reason, at) => eventOf('TenantChangeConfirmationFailed', claim, at, { reason }),
  },
  'rotate-secret': {
    steps: rotateSecret,
    // Not where the tenant is shut out: the new login would be a way in.
    from: ['active'],
    repeatable: true,
    failed: 'active',
    failure: (claim, reason, at) => eventOf('TenantSecretRotationFailed', claim, at, { reason }),
  },
  restore: {
    steps: restore,
    from: ['active', 'suspended'],
    failure: (claim, reason, at) => eventOf('TenantRestoreFailed', claim, at, { reason }),
  },
  'swap-restored': {
    steps: swapRestored,
    from: ['active', 'suspended'],
    // One that was suspended stays so.
    succeeded: ({ status }) => (status === 'suspended' ? 'suspended' : 'active'),
    failure: (claim, reason, at) => eventOf('TenantRestoreSwapFailed', claim, at, { reason }),
  },
  'discard-restored': {
    steps: discardRestored,
    from: ['active', 'suspended'],
    failure: (claim, reason, at) => eventOf('TenantRestoreDiscardFailed', claim, at, { reason }),
  },
  offboard: {
    steps: offboard,
    from: ['active', 'suspended'],
    during: 'offboarding',
    // Shut out and kept whole: an operator lets it back in, or tries again.
    failed: 'suspended',
    failure: (claim, reason, at) => eventOf('TenantOffboardingFailed', claim, at, { reason }),
  },
  erase: {
    steps: erase,
    // Asked for when its time has come: see requestScheduled.
    from: ['offboarding'],
    succeeded: 'offboarded',
    failed: 'offboarding',
    failure: (claim, reason, at) => eventOf('TenantErasureFailed', claim, at, { reason }),
  },
};

import type { OperationKind, OperationStatus, StepStatus } from '@kyong/contracts';

export interface OperationStep {
  position: number;
  name: string;
  status: StepStatus;
  attempts: number;
  undoAttempts: number;
  startedAt: Date | null;
  finishedAt: Date | null;
  detail: string | null;
  error: string | null;
}

export interface Operation {
  id: string;
  tenantId: string;
  kind: OperationKind;
  status: OperationStatus;
  undoing: boolean;
  actor: string;
  /** What it was told beside its tenant: see `operationInput` of the contracts. */
  input: unknown;
  /** What it found out: `RestoreReport` of a restore. */
  report: unknown;
  error: string | null;
  createdAt: Date;
  finishedAt: Date | null;
  steps: OperationStep[];
}

/**
 * A reason that trying again will not change: the operation is undone at once.
 * The message reaches the tenant's owner: no host names, no SQL, and it says what to do.
 */
export class OperationRefused extends Error {
  override name = 'OperationRefused';
}

/** Another driver took the operation over; what this one did is safe to leave as it is. */
export class LeaseLost extends Error {
  override name = 'LeaseLost';
}

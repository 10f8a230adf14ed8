import type { TenantEvent } from '@kyong/contracts';
import type { Claim, Ports } from '../ports.ts';

export type StepOutcome =
  /** Of the last step: what the world is told, in the transaction in which the operation ends. */
  | { done: true; detail?: string; event?: TenantEvent }
  | { done: false; afterSeconds: number; detail: string };

/**
 * One step of an operation. It may run twice, be cut off anywhere, or find its work already done:
 * it must end in the same place each time.
 */
export interface Step {
  name: string;
  run(claim: Claim, ports: Ports): Promise<StepOutcome>;
  /** Takes back what `run` made, as far as it got. Absent when there is nothing to take back. */
  undo?(claim: Claim, ports: Ports): Promise<void>;
  /** How often it is tried at most, where that is less than usual: somebody waits for it. */
  attempts?: number;
  /** Waiting longer than this is a failure. */
  waitAtMostSeconds?: number;
  /** Past the point of no return: retried until it succeeds, never undone. */
  mustSucceed?: boolean;
}

/** How long ago the step of this name ran for the first time. */
export function waitedSeconds({ operation }: Claim, ports: Ports, name: string): number {
  const startedAt = operation.steps.find((step) => step.name === name)?.startedAt;
  return startedAt ? (ports.now().getTime() - startedAt.getTime()) / 1000 : 0;
}

export const done = (detail?: string): StepOutcome => ({
  done: true,
  ...(detail !== undefined && { detail }),
});

import { LeaseLost, OperationRefused, type OperationStep } from './operation.ts';
import { operations } from './operations/index.ts';
import type { Step } from './operations/step.ts';
import type { Claim, Ports } from './ports.ts';

export type Advance = { status: 'done' } | { status: 'again'; afterSeconds: number };

export interface AdvanceOptions {
  /** Names this driver. A driver that comes back under its old name takes its old lease over at once. */
  owner: string;
  leaseSeconds: number;
  retry: RetryPolicy;
  /** What went wrong inside a step, in full; the operation itself shows only what its reader may see. */
  onStepError: (
    error: unknown,
    context: { operationId: string; step: string; attempt: number; undo: boolean },
  ) => void;
}

export interface RetryPolicy {
  /** How often a step is tried before the operation is undone. */
  attempts: number;
  /** How often undoing a step is tried before it is left to the operator. */
  undoAttempts: number;
  baseSeconds: number;
  maxSeconds: number;
}

export const defaultRetry: RetryPolicy = { attempts: 5, undoAttempts: 20, baseSeconds: 1, maxSeconds: 60 };

/** How long to leave an operation that another driver has. */
const busySeconds = 5;

/**
 * Runs the next step of an operation, records it, and says when to come back. Whoever calls it (a state machine, a loop,
 * a sweep) may be killed anywhere, and several may call it at once: one of them gets the claim.
 */
export async function advance(operationId: string, ports: Ports, options: AdvanceOptions): Promise<Advance> {
  const claimed = await ports.store.claim(operationId, options.owner, options.leaseSeconds);
  if (claimed.outcome === 'busy') return { status: 'again', afterSeconds: busySeconds };
  if (claimed.outcome !== 'claimed') return { status: 'done' };

  const { claim } = claimed;
  const lease = keepLease(claim, ports, options.leaseSeconds);
  try {
    return claim.operation.undoing
      ? await undoNext(claim, ports, options)
      : await runNext(claim, ports, options);
  } catch (error) {
    if (error instanceof LeaseLost) return { status: 'again', afterSeconds: busySeconds };
    throw error;
  } finally {
    clearInterval(lease);
  }
}

async function runNext(claim: Claim, ports: Ports, options: AdvanceOptions): Promise<Advance> {
  const { operation } = claim;
  const next = operation.steps.find((step) => step.status !== 'succeeded');
  if (!next) {
    await ports.store.succeed(claim);
    return { status: 'done' };
  }
  const step = definitionOf(claim, next);
  await ports.store.startStep(claim, next.position);
  try {
    const outcome = await step.run(claim, ports);
    if (!outcome.done) return await waitOrGiveUp(claim, ports, step, next, outcome);
    const record = { position: next.position, status: 'succeeded', afterSeconds: 0 } as const;
    await ports.store.recordStep(claim, {
      ...record,
      ...(outcome.detail !== undefined && { detail: outcome.detail }),
    });
    return again(0);
  } catch (error) {
    if (error instanceof LeaseLost) throw error;
    const attempt = next.attempts + 1;
    options.onStepError(error, { operationId: operation.id, step: step.name, attempt, undo: false });
    const attempts = Math.min(step.attempts ?? Number.POSITIVE_INFINITY, options.retry.attempts);
    const hopeless = error instanceof OperationRefused || attempt >= attempts;
    if (hopeless && !step.mustSucceed) return turnRound(claim, ports, next, reasonFor(error, step));
    const afterSeconds = backoffSeconds(attempt, options.retry, ports.random);
    const message = `${reasonFor(error, step)} Attempt ${attempt} of ${attempts}.`;
    await ports.store.recordStep(claim, {
      position: next.position,
      status: 'retrying',
      error: message,
      afterSeconds,
    });
    return again(afterSeconds);
  }
}

async function waitOrGiveUp(
  claim: Claim,
  ports: Ports,
  step: Step,
  next: OperationStep,
  outcome: { afterSeconds: number; detail: string },
): Promise<Advance> {
  const waitedSeconds = next.startedAt ? (ports.now().getTime() - next.startedAt.getTime()) / 1000 : 0;
  if (step.waitAtMostSeconds !== undefined && waitedSeconds > step.waitAtMostSeconds) {
    const minutes = Math.round(step.waitAtMostSeconds / 60);
    return turnRound(
      claim,
      ports,
      next,
      `Not ready after ${minutes} minutes (${outcome.detail}). Try again later.`,
    );
  }
  const { afterSeconds, detail } = outcome;
  await ports.store.recordStep(claim, { position: next.position, status: 'waiting', detail, afterSeconds });
  return again(afterSeconds);
}

/** Records why the step failed for good; from now on the operation is undone. */
async function turnRound(claim: Claim, ports: Ports, step: OperationStep, reason: string): Promise<Advance> {
  await ports.store.recordStep(claim, {
    position: step.position,
    status: 'failed',
    error: reason,
    beginUndo: reason,
    afterSeconds: 0,
  });
  return again(0);
}

/** Undoes the last step that left something, the failed one included: it may have got half-way. */
async function undoNext(claim: Claim, ports: Ports, options: AdvanceOptions): Promise<Advance> {
  const { operation } = claim;
  const next = operation.steps.findLast((step) => step.attempts > 0 && step.status !== 'undone');
  if (!next) return finish(claim, ports, 'compensated');

  const step = definitionOf(claim, next);
  try {
    await step.undo?.(claim, ports);
    await ports.store.recordStep(claim, {
      position: next.position,
      status: 'undone',
      undo: true,
      afterSeconds: 0,
    });
    return again(0);
  } catch (error) {
    if (error instanceof LeaseLost) throw error;
    const attempt = next.undoAttempts + 1;
    options.onStepError(error, { operationId: operation.id, step: step.name, attempt, undo: true });
    // What cannot be undone is left for the operator, in plain sight, and not forgotten.
    if (attempt >= options.retry.undoAttempts) return finish(claim, ports, 'failed');
    const afterSeconds = backoffSeconds(attempt, options.retry, ports.random);
    const message = `Could not be undone yet. Attempt ${attempt} of ${options.retry.undoAttempts}.`;
    await ports.store.recordStep(claim, {
      position: next.position,
      status: 'failed',
      error: next.error ?? message,
      detail: message,
      undo: true,
      afterSeconds,
    });
    return again(afterSeconds);
  }
}

async function finish(claim: Claim, ports: Ports, status: 'compensated' | 'failed'): Promise<Advance> {
  const { operation } = claim;
  const { failed, failure } = operations[operation.kind];
  await ports.store.fail(claim, status, failed, failure(claim, operation.error ?? 'unknown', ports.now()));
  return { status: 'done' };
}

function definitionOf({ operation }: Claim, { name }: OperationStep): Step {
  const step = operations[operation.kind].steps.find((candidate) => candidate.name === name);
  if (!step)
    throw new Error(`Operation ${operation.kind} has no step ${name}: it was begun by another version.`);
  return step;
}

/** Exponential backoff with full jitter, so that operations that failed together do not come back together. */
export function backoffSeconds(
  attempt: number,
  { baseSeconds, maxSeconds }: Pick<RetryPolicy, 'baseSeconds' | 'maxSeconds'>,
  random: () => number,
): number {
  // Bounded: what must succeed may be tried thousands of times.
  return random() * Math.min(maxSeconds, baseSeconds * 2 ** Math.min(attempt - 1, 30));
}

/** What the tenant's owner may read. A driver's own message could name a host or a statement. */
function reasonFor(error: unknown, step: Step): string {
  return error instanceof OperationRefused
    ? error.message
    : `The step ${step.name} failed for a technical reason.`;
}

/** Keeps the lease while a long step runs. A lost one is noticed when the step's result is recorded. */
function keepLease(claim: Claim, ports: Ports, leaseSeconds: number): NodeJS.Timeout {
  return setInterval(
    () => {
      ports.store.extendLease(claim, leaseSeconds).catch(() => {});
    },
    (leaseSeconds * 1000) / 3,
  );
}

const again = (afterSeconds: number): Advance => ({ status: 'again', afterSeconds });

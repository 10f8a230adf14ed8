import { LeaseLost, type Operation, OperationRefused, type OperationStep } from './operation.ts';
import { operations } from './operations/index.ts';
import type { Step } from './operations/step.ts';
import type { Claim, OperationEnd, Ports } from './ports.ts';

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
  if (!next) return succeed(claim, ports);
  const step = definitionOf(claim, next);
  if (!step) return goOnAsToday(claim, ports, next);
  await ports.store.startStep(claim, next.position);
  try {
    const outcome = await step.run(claim, ports);
    if (!outcome.done) return await waitOrGiveUp(claim, ports, step, next, outcome);
    const { detail, event } = outcome;
    if (next === operation.steps.at(-1))
      return await succeed(claim, ports, { position: next.position, detail, event });
    const record = { position: next.position, status: 'succeeded', afterSeconds: 0 } as const;
    await ports.store.recordStep(claim, { ...record, ...(detail !== undefined && { detail }) });
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

async function succeed(claim: Claim, ports: Ports, step?: OperationEnd['step']): Promise<Advance> {
  const { succeeded } = operations[claim.operation.kind];
  const tenantStatus = typeof succeeded === 'function' ? succeeded(claim.tenant) : succeeded;
  await ports.store.succeed(claim, { tenantStatus, ...(step && { step }) });
  return { status: 'done' };
}

/**
 * The operation was begun by another version of the code, and its next step is not known here: renamed, or no longer needed. One
 * that has not run is replaced by what today's version does after the last step that has succeeded. One that has, may have left
 * something half done: it is left for the operator.
 */
async function goOnAsToday(claim: Claim, ports: Ports, next: OperationStep): Promise<Advance> {
  const { operation } = claim;
  const steps = stepsAfter(operation);
  if (next.attempts === 0 && steps) {
    await ports.store.replaceSteps(
      claim,
      next.position,
      steps.map(({ name }) => name),
    );
    return again(0);
  }
  const reason =
    `The step ${next.name} was begun by another version of the platform, and this one does not know it. ` +
    `Look into what it has done; "kyo operations retry ${operation.id}" goes on with what this version does instead.`;
  const record = { position: next.position, status: 'failed', error: reason, afterSeconds: 0 } as const;
  await ports.store.recordStep(claim, record);
  const { failure } = operations[operation.kind];
  await ports.store.fail(claim, 'failed', undefined, failure(claim, reason, ports.now()), reason);
  return { status: 'done' };
}

/** What is done today after the last step that has succeeded; undefined where it cannot be told which way the operation goes. */
function stepsAfter({ kind, steps }: Operation): Step[] | undefined {
  const { ways, steps: only } = operations[kind];
  const way = ways ? ways.find(([first]) => first?.name === steps[0]?.name) : only;
  const succeeded = new Set(steps.filter(({ status }) => status === 'succeeded').map(({ name }) => name));
  return way?.slice(way.findLastIndex(({ name }) => succeeded.has(name)) + 1);
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

  try {
    const step = definitionOf(claim, next);
    if (!step) throw new Error(`This version does not know the step ${next.name}, nor what it has left.`);
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
    options.onStepError(error, { operationId: operation.id, step: next.name, attempt, undo: true });
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

/** Undefined for a step of another version of the code. */
function definitionOf({ operation }: Claim, { name }: OperationStep): Step | undefined {
  return operations[operation.kind].steps.find((candidate) => candidate.name === name);
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

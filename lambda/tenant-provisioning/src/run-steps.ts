import type { Advance } from '@kyong/tenancy';

/** What the state machine reads: whether to come back, and after how many whole seconds. */
export type Turn = { status: 'done' } | { status: 'again'; afterSeconds: number };

/** The longest wait a state machine may be told (Wait state, Amazon States Language). */
const maxWaitSeconds = 99_999_999;

/**
 * Runs one step after the other until the operation is over, has to wait, or `mayRunAnother` says that the caller's time
 * is up. Every step is recorded before the next: whatever ends this in between, the next turn goes on there.
 */
export async function runSteps(advance: () => Promise<Advance>, mayRunAnother: () => boolean): Promise<Turn> {
  for (;;) {
    const next = await advance();
    if (next.status === 'done') return next;
    if (next.afterSeconds > 0 || !mayRunAnother()) {
      return {
        status: 'again',
        afterSeconds: Math.min(maxWaitSeconds, Math.max(1, Math.ceil(next.afterSeconds))),
      };
    }
  }
}

import { join } from 'node:path';
import { editToRestore, FairQueue, fold, summarise } from '@kyong/collaboration';
import { Problem } from '@kyong/service-kit';
import { Piscina } from 'piscina';
import type { OnSpent } from './thread-time.ts';

/** To read a state of this size takes 10 ms at most; smaller ones are not worth a thread, which takes longer to start. */
const smallBytes = 64 * 1024;
const idleMilliseconds = 10 * 60_000;

/** Tasks of one gym that may wait; what a person asks for beyond that is refused. */
const maxWaitingOfGym = 10;

type Answer<Task extends (...parameters: never[]) => unknown> = (
  tenantId: string,
  ...parameters: Parameters<Task>
) => Promise<ReturnType<Task>>;

/** What `@kyong/collaboration` finds in the history of a document, without holding up who is served meanwhile. */
export interface History {
  /** @throws {Problem} `rate_limited` when the gym has asked for too much. */
  summarise: Answer<typeof summarise>;
  /** @throws {Problem} `rate_limited` when the gym has asked for too much. */
  editToRestore: Answer<typeof editToRestore>;
  fold: Answer<typeof fold>;
  close(): Promise<void>;
}

/**
 * To compare two states of a document, both are read into memory: seconds, for one of the largest size. On the thread that
 * serves everybody, one gym's large document would stop the cursors of all others. There is one other thread, from when
 * there is work for it, and the gyms take turns.
 */
export function startHistoryThread(onSpent: OnSpent = () => {}): History {
  const threads = new Piscina({
    filename: join(import.meta.dirname, 'history-worker.ts'),
    ...{ minThreads: 0, maxThreads: 1, idleTimeout: idleMilliseconds },
    // A server has one core: who is served goes first.
    niceIncrement: 10,
  });
  const queue = new FairQueue();
  const there = async (tenantId: string, name: string, task: unknown) => {
    const { result, milliseconds } = await queue.run(tenantId, () => threads.run(task, { name }));
    onSpent(tenantId, milliseconds);
    return result;
  };
  const asked = (tenantId: string, name: string, task: unknown) => {
    if (queue.waitingOf(tenantId) >= maxWaitingOfGym)
      throw new Problem('rate_limited', {
        detail: 'Too much of the history is asked for.',
        retryAfterSeconds: 10,
      });
    return there(tenantId, name, task);
  };
  return {
    summarise: async (tenantId, ...task) =>
      areSmall(task[1], task[2]) ? summarise(...task) : asked(tenantId, 'summariseTask', task),
    editToRestore: async (tenantId, ...task) =>
      areSmall(...task) ? editToRestore(...task) : asked(tenantId, 'editToRestoreTask', task),
    fold: async (tenantId, ...task) =>
      areSmall(...task[0]) ? fold(...task) : there(tenantId, 'foldTask', task),
    close: () => threads.close({ force: true }),
  };
}

function areSmall(...states: (Uint8Array | undefined)[]): boolean {
  return states.reduce((sum, state) => sum + (state?.byteLength ?? 0), 0) <= smallBytes;
}

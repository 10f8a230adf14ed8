import { join } from 'node:path';
import { editToRestore, fold, summarise } from '@kyong/collaboration';
import { Piscina } from 'piscina';

/** To read a state of this size takes 10 ms at most; smaller ones are not worth a thread, which takes longer to start. */
const smallBytes = 64 * 1024;
const idleMilliseconds = 10 * 60_000;

type Answer<Task extends (...parameters: never[]) => unknown> = (
  ...parameters: Parameters<Task>
) => Promise<ReturnType<Task>>;

/** What `@kyong/collaboration` finds in the history of a document, without holding up who is served meanwhile. */
export interface History {
  summarise: Answer<typeof summarise>;
  editToRestore: Answer<typeof editToRestore>;
  fold: Answer<typeof fold>;
  close(): Promise<void>;
}

/**
 * To compare two states of a document, both are read into memory: seconds, for one of the largest size. On the thread that
 * serves everybody, one gym's large document would stop the cursors of all others. There is one other thread, from when
 * there is work for it.
 */
export function startHistoryThread(): History {
  const threads = new Piscina({
    filename: join(import.meta.dirname, 'history-worker.ts'),
    ...{ minThreads: 0, maxThreads: 1, idleTimeout: idleMilliseconds },
    // A server has one core: who is served goes first.
    niceIncrement: 10,
  });
  return {
    summarise: async (...task) =>
      areSmall(task[1], task[2]) ? summarise(...task) : threads.run(task, { name: 'summariseTask' }),
    editToRestore: async (...task) =>
      areSmall(...task) ? editToRestore(...task) : threads.run(task, { name: 'editToRestoreTask' }),
    fold: async (...task) => (areSmall(...task[0]) ? fold(...task) : threads.run(task, { name: 'foldTask' })),
    close: () => threads.close({ force: true }),
  };
}

function areSmall(...states: (Uint8Array | undefined)[]): boolean {
  return states.reduce((sum, state) => sum + (state?.byteLength ?? 0), 0) <= smallBytes;
}

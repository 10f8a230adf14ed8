import { join } from 'node:path';
import type { editToRestore, summarise } from '@kyong/collaboration';
import { Piscina } from 'piscina';

const idleMilliseconds = 60_000;

type Answer<Task extends (...parameters: never[]) => unknown> = (
  ...parameters: Parameters<Task>
) => Promise<ReturnType<Task>>;

/** What `@kyong/collaboration` finds in the history of a document, found on another thread. */
export interface History {
  summarise: Answer<typeof summarise>;
  editToRestore: Answer<typeof editToRestore>;
  close(): Promise<void>;
}

/**
 * To compare two states of a document, both are read into memory: seconds, for one of the largest size. On the thread that
 * serves everybody, one gym's large document would stop the cursors of all others. There is one such thread, when there is
 * work for it.
 */
export function startHistoryThread(): History {
  const threads = new Piscina({
    filename: join(import.meta.dirname, 'history-worker.ts'),
    ...{ minThreads: 0, maxThreads: 1, idleTimeout: idleMilliseconds },
  });
  return {
    summarise: (...task) => threads.run(task, { name: 'summariseTask' }),
    editToRestore: (...task) => threads.run(task, { name: 'editToRestoreTask' }),
    close: () => threads.close({ force: true }),
  };
}

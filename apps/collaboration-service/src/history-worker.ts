import { editToRestore, fold, summarise } from '@kyong/collaboration';
import { timed } from './thread-time.ts';

// What `history-thread.ts` runs: each export takes one task.

export const summariseTask = timed((task: Parameters<typeof summarise>) => summarise(...task));
export const foldTask = timed((task: Parameters<typeof fold>) => fold(...task));
export const editToRestoreTask = timed((task: Parameters<typeof editToRestore>) => editToRestore(...task));

import { editToRestore, fold, summarise } from '@kyong/collaboration';

// What `history-thread.ts` runs: each export takes one task.

export const summariseTask = (task: Parameters<typeof summarise>) => summarise(...task);
export const foldTask = (task: Parameters<typeof fold>) => fold(...task);
export const editToRestoreTask = (task: Parameters<typeof editToRestore>) => editToRestore(...task);

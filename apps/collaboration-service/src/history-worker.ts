import { editToRestore, summarise } from '@kyong/collaboration';

// What `history-thread.ts` runs: each export takes one task.

export const summariseTask = (task: Parameters<typeof summarise>) => summarise(...task);
export const editToRestoreTask = (task: Parameters<typeof editToRestore>) => editToRestore(...task);

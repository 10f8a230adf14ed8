import type { DatabaseCopy } from '../../ports.ts';
import { compareCopy } from './compare.ts';
import { catchUp, copyProgress } from './progress.ts';
import { startCopy } from './start.ts';
import { stopCopy } from './stop.ts';

/** Copies a tenant's database while it is in use, by PostgreSQL's own logical replication. */
export const logicalReplication: DatabaseCopy = {
  start: startCopy,
  progress: copyProgress,
  catchUp,
  compare: compareCopy,
  stop: stopCopy,
};

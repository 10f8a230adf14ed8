export * from './copy.ts';
export * from './listen.ts';
export * from './migrate.ts';
export * from './pool.ts';
export * from './tenant-pools.ts';
export * from './transaction.ts';

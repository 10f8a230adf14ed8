export * from './comments.ts';
export * from './documents.ts';
export * from './snapshots.ts';
export * from './usage.ts';
export * from './versions.ts';

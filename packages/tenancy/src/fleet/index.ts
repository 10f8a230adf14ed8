export * from './advance-migration.ts';
export * from './drift.ts';
export * from './migration.ts';
export * from './plan-migration.ts';
export * from './start-migration.ts';

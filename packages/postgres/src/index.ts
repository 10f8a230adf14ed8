export * from './apply-pending.ts';
export * from './audit.ts';
export * from './listen.ts';
export { type MigrationResult, migrate, schemaVersion } from './migrate.ts';
export { type MigrationFile, readMigrationFiles } from './migration-files.ts';
export * from './pool.ts';
export * from './schema-objects.ts';
export * from './tenant-pools.ts';
export * from './transaction.ts';

export * from './apply-pending.ts';
export * from './audit.ts';
export * from './copy.ts';
export * from './listen.ts';
export { type MigrationResult, migrate, schemaVersion } from './migrate.ts';
export { type MigrationFile, readMigrationFiles } from './migration-files.ts';
export {
  type ClientBase,
  type Connection,
  type ConnectionUrl,
  createPool,
  escapeIdentifier,
  escapeLiteral,
  type Pool,
  type PoolClient,
  withConnection,
} from './pool.ts';
export { createRenewedPool, type Login, rememberFor } from './renewed-pool.ts';
export * from './schema-objects.ts';
export * from './tenant-pools.ts';
export * from './transaction.ts';

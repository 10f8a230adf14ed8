export { type ArchiveLimits, defaultArchiveLimits, PostgresArchive } from './postgres-archive.ts';
export { postgresMajorVersion } from './postgres-binaries.ts';
export { type PostgresEndpoint, superuser } from './postgres-endpoint.ts';
export * from './postgres-server.ts';
export { freePort, isPortFree, ServerError, waitFor } from './process.ts';
export { findRedis, toolsDirectory } from './redis-binary.ts';
export * from './redis-cluster.ts';
export { type RedisEndpoint, RedisServer, type RedisSettings } from './redis-server.ts';

export { postgresMajorVersion } from './postgres-binaries.ts';
export * from './postgres-server.ts';
export { freePort, isPortFree, ServerError, waitFor } from './process.ts';
export { findRedis, toolsDirectory } from './redis-binary.ts';
export * from './redis-cluster.ts';
export { type RedisEndpoint, RedisServer, type RedisSettings } from './redis-server.ts';

export { connectRedis, type RedisConnection, redisConnectionOf } from './connection.ts';
export * from './delivery-worker.ts';
export * from './outbox.ts';
export * from './store.ts';

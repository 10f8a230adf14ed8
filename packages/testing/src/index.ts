export * from './clock.ts';
export * from './database.ts';
export * from './http-server.ts';
export * from './redis.ts';

export * from './aws-emulator.ts';
export * from './clock.ts';
export * from './database.ts';
export * from './eventually.ts';
export * from './http-server.ts';
export * from './python.ts';
export * from './redis.ts';

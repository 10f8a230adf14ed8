export * from './confirmed-writes.ts';
export * from './connection.ts';
export * from './script.ts';

export * from './access-token.ts';
export * from './config.ts';
export * from './health.ts';
export * from './http-app.ts';
export * from './logger.ts';
export * from './problem.ts';
export * from './recent-authentication.ts';
export * from './shutdown.ts';

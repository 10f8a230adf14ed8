export { describeCaller, operatorToken } from './access.ts';
export * from './address.ts';
export * from './members.ts';
export * from './operators.ts';
export * from './ports.ts';
export * from './sessions.ts';
export * from './sign-in.ts';

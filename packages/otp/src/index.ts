export * from './code.ts';
export * from './deliver.ts';
export * from './issue.ts';
export * from './keys.ts';
export * from './message.ts';
export { createOtp, type Grant, type Otp } from './otp.ts';
export * from './policy.ts';
export * from './ports.ts';
export * from './verify.ts';

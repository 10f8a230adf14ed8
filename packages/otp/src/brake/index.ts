export * from './brake-policy.ts';
export * from './captcha.ts';
export type { Alarm, Captcha, PhoneNumberKind, PhoneNumbers, SmsLog } from './ports.ts';
export type { RefusalReason, SendAttempt } from './refusal.ts';
export * from './send-guard.ts';
export {
  type CountStore,
  flushIntervalMilliseconds,
  type Increment,
  SharedCounts,
} from './shared-counts.ts';
export { priceOf, spendSegments } from './spending.ts';

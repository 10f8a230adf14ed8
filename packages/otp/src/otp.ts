import { randomInt } from 'node:crypto';
import type { Channel, Locale, OtpPurpose } from '@kyong/contracts';
import type { RandomInt } from './code.ts';
import type { OtpKeys } from './keys.ts';
import type { LogEntry } from './log.ts';
import { checkPolicy, defaultPolicy, type OtpPolicy } from './policy.ts';
import type { OtpStore } from './ports.ts';

/** What issuing and verifying need. */
export interface Otp {
  store: OtpStore;
  keys: OtpKeys;
  policy: OtpPolicy;
  now: () => Date;
  randomInt: RandomInt;
  /** Fixed codes of test numbers, which are sent nothing. */
  testCodes?: ReadonlyMap<string, string>;
}

/** @throws {RangeError} for a policy that would not be safe. */
export function createOtp(options: {
  store: OtpStore;
  keys: OtpKeys;
  now: () => Date;
  policy?: OtpPolicy;
  randomInt?: RandomInt;
  /** Outside production only. */
  testCodes?: ReadonlyMap<string, string>;
}): Otp {
  return { randomInt, ...options, policy: checkPolicy(options.policy ?? defaultPolicy) };
}

/** What a correct code proves: that somebody holds this address, and what they asked for when they named it. */
export interface Grant {
  channel: Channel;
  /** Normalised: one person's address is always the same text, or its limits could be walked around. */
  to: string;
  purpose: OtpPurpose;
  tenantId?: string | undefined;
}

/** A code to be sent. */
export interface Delivery {
  requestId: string;
  channel: Channel;
  to: string;
  locale: Locale;
  code: string;
  lifetimeSeconds: number;
  /** RFC 3339. */
  expiresAt: string;
  /** For the tenant's log; a send without a tenant has none. */
  logEntry?: LogEntry;
}

/** A grant opens only beside the code that earns it: moved to another request, it is worthless. */
export function grantContext(requestId: string, codeHash: string): string {
  return `grant ${requestId} ${codeHash}`;
}

export const deliveryContext = 'delivery';

import type { ProblemCode } from '@kyong/contracts';
import type { Logger } from './logger.ts';

/**
 * Something that whoever looks into an attack asks for (OWASP ASVS 5, 16.2.1 and 16.3): who, where from, what, and how it ended.
 * Never what was sent: no code, no token, no address.
 */
export interface SecurityEvent {
  /** Such as `sign-in` or `otp-template.change`. */
  event: string;
  outcome: 'done' | 'refused';
  /** Subject of the token, or the person who has just signed in; null while nobody has proved who they are. */
  actor: string | null;
  sourceIp: string | null;
  tenantId?: string | undefined;
  requestId: string;
  /** Why it was refused: the code that was answered. */
  reason?: ProblemCode | undefined;
}

/** Refusals that are events of security, and what they are called. Others are mistakes, or bad luck. */
const refusals: Partial<Record<ProblemCode, string>> = {
  unauthenticated: 'token',
  refresh_token_invalid: 'refresh',
  insufficient_user_authentication: 'step-up',
  forbidden: 'access',
  signup_required: 'access',
  otp_incorrect: 'code',
  otp_attempts_exhausted: 'lock-out',
  rate_limited: 'limit',
  otp_send_limit: 'limit',
  otp_tenant_limit: 'limit',
  otp_prefix_limit: 'limit',
  otp_prefix_cut_off: 'limit',
  otp_budget_exhausted: 'limit',
};

/** What a refusal is called; undefined for one that is no event of security. */
export const refusalEvent = (code: ProblemCode): string | undefined => refusals[code];

/** One line, by which it is found: `{ $.securityEvent = "*" }`. */
export function logSecurityEvent(logger: Logger, { event, ...fields }: SecurityEvent): void {
  logger.info({ securityEvent: event, ...fields }, 'security');
}

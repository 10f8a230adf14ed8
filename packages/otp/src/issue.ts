import type { Locale } from '@kyong/contracts';
import { generateCode } from './code.ts';
import { createLogEntry, logContext } from './log.ts';
import { type Delivery, deliveryContext, type Grant, grantContext, type Otp } from './otp.ts';
import type { OtpPolicy } from './policy.ts';
import type { NewCode, ReserveKind } from './ports.ts';
import { createRequestId } from './request-id.ts';

export type IssueResult =
  | { outcome: 'issued'; requestId: string; expiresAt: Date; resendAfter: Date; reserve?: ReserveKind }
  | { outcome: 'braked' }
  | { outcome: 'resend_too_soon' | 'send_limit'; retryAfterSeconds: number };

/**
 * Issues a code and queues its delivery, in one step. Earlier codes of the recipient stay good until they expire, so that
 * nobody can spoil a code by asking for another. Whether the address belongs to anyone is not looked at. Nothing is sent
 * to a test number. `network` is where the request comes from, where that is known. While a brake is on (`braked`), the code is
 * issued if one of the reserves that are left holds for this recipient.
 */
export async function issue(
  otp: Otp,
  request: Grant & Pick<NewCode, 'braked'> & { locale: Locale; network?: string | undefined },
  policy: OtpPolicy = otp.policy,
): Promise<IssueResult> {
  const { keys } = otp;
  const { locale, network, braked, ...grant } = request;
  const issuedAt = otp.now();
  const expiresAt = new Date(issuedAt.getTime() + policy.lifetimeSeconds * 1000);
  const testCode = otp.testCodes?.get(request.to);
  const code = testCode ?? generateCode(policy, otp.randomInt);
  const recipient = keys.recipient(request.to);
  const requestId = createRequestId(keys.id, recipient);
  const codeHash = keys.hashCode(requestId, code);
  const logEntry = createLogEntry({ ...grant, requestId, recipient, requestedAt: issuedAt });
  const delivery: Delivery = {
    requestId,
    channel: request.channel,
    to: request.to,
    locale,
    code,
    lifetimeSeconds: policy.lifetimeSeconds,
    expiresAt: expiresAt.toISOString(),
    ...(logEntry && { logEntry }),
  };

  const result = await otp.store.issue({
    recipient,
    requestId,
    codeHash,
    grant: keys.seal(grantContext(requestId, codeHash), JSON.stringify(grant)),
    ...(testCode === undefined && { delivery: keys.seal(deliveryContext, JSON.stringify(delivery)) }),
    ...(logEntry && { logEntry: keys.seal(logContext, JSON.stringify(logEntry)) }),
    ...(policy.attempts.count < otp.policy.attempts.count && { attempts: policy.attempts.count }),
    ...(network !== undefined && { network: keys.network(recipient, network) }),
    ...(braked && { braked }),
    issuedAt,
    expiresAt,
    policy,
  });
  if (result.outcome === 'issued') return { ...result, requestId, expiresAt };
  if (result.outcome === 'braked') return result;
  return {
    outcome: result.outcome,
    retryAfterSeconds: (result.retryAt.getTime() - issuedAt.getTime()) / 1000,
  };
}

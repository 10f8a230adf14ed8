import { randomUUID } from 'node:crypto';
import { type Grant, grantContext, type Otp } from './otp.ts';
import { recipientOf } from './request-id.ts';

export type VerifyResult =
  | { outcome: 'correct'; grant: Grant }
  | { outcome: 'incorrect'; attemptsLeft: number }
  | { outcome: 'expired' }
  | { outcome: 'exhausted'; retryAfterSeconds: number };

/**
 * Exchanges a code for what it grants, once. A client whose answer was lost on the way and who asks again is told
 * `expired`: a spent code is spent, even for the one who spent it, since a second asker cannot be told from a thief. It
 * costs them a new code. `network` is where the attempt comes from, where that is known; `most` are the wrong codes that are
 * borne now, if fewer than the policy has.
 */
export async function verify(
  otp: Otp,
  attempt: { requestId: string; code: string; network?: string | undefined; most?: number | undefined },
): Promise<VerifyResult> {
  const { requestId, network, most } = attempt;
  const recipient = recipientOf(requestId);
  if (!recipient) return { outcome: 'expired' };

  const at = otp.now();
  const codeHash = otp.keys.hashCode(requestId, attempt.code);
  const result = await otp.store.verify({
    recipient,
    requestId,
    codeHash,
    operationId: randomUUID(),
    ...(network !== undefined && { network: otp.keys.network(recipient, network) }),
    at,
    ...(most !== undefined && { most }),
    limit: otp.policy.attempts,
    reserve: otp.policy.reserve,
  });
  switch (result.outcome) {
    case 'correct': {
      const grant = otp.keys.open(grantContext(requestId, codeHash), result.grant);
      // Put there by someone who can write to the store and has not the key.
      if (grant === undefined) return { outcome: 'expired' };
      return { outcome: 'correct', grant: JSON.parse(grant) as Grant };
    }
    case 'exhausted':
      return {
        outcome: 'exhausted',
        retryAfterSeconds: (result.retryAt.getTime() - at.getTime()) / 1000,
      };
    default:
      return result;
  }
}

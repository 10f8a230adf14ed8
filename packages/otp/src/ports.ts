import type { Limit, OtpPolicy, Reserve } from './policy.ts';

export interface NewCode {
  /** Keyed hash of the recipient, whose limits apply. */
  recipient: Buffer;
  /** Names this call as well: issued twice under one name, a code is stored, counted and sent once. */
  requestId: string;
  codeHash: string;
  /** What the code is worth, sealed. */
  grant: string;
  /** The job to send it, sealed; absent when nothing is sent. */
  delivery?: string;
  /** What the log is told when the code is verified, sealed; none for a send without a tenant, which has no log. */
  logEntry?: string;
  /** Wrong codes after which this one is worth nothing, if fewer than the recipient has. */
  attempts?: number;
  /** Keyed hash of the network that asks; absent where networks are not told apart. */
  network?: string;
  /** A brake is on: only what strangers cannot use up is left, as far as these reserves still have some. */
  braked?: Record<ReserveKind, boolean>;
  issuedAt: Date;
  expiresAt: Date;
  policy: Pick<OtpPolicy, 'sends' | 'resend' | 'reserve'>;
}

/** Of a network that the recipient has signed in from, or of a recipient who has an account. */
export type ReserveKind = 'network' | 'account';

export type NewCodeOutcome =
  | { outcome: 'issued'; resendAfter: Date; reserve?: ReserveKind }
  /** A brake is on, and no reserve holds for this recipient from this network. */
  | { outcome: 'braked' }
  | { outcome: 'resend_too_soon' | 'send_limit'; retryAt: Date };

export interface Guess {
  recipient: Buffer;
  requestId: string;
  codeHash: string;
  /** Names this call: made twice under one name (its reply was lost), a guess counts once and gets the same answer. */
  operationId: string;
  /** Keyed hash of the network that it comes from; absent where networks are not told apart. */
  network?: string;
  at: Date;
  limit: Limit;
  /** Wrong codes that are borne now, if fewer: but for the reserve, and for all that is remembered. */
  most?: number;
  reserve: Reserve;
}

export type GuessOutcome =
  | { outcome: 'correct'; grant: string }
  | { outcome: 'incorrect'; attemptsLeft: number }
  /** Used, expired or never issued. */
  | { outcome: 'expired' }
  | { outcome: 'exhausted'; retryAt: Date };

/**
 * Keeps codes and counts attempts. Both operations are atomic, whatever runs beside them: a code is accepted once, no
 * guess escapes the count, and what was issued is also queued for delivery.
 */
export interface OtpStore {
  issue(code: NewCode): Promise<NewCodeOutcome>;
  verify(guess: Guess): Promise<GuessOutcome>;
}

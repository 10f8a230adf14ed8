import type { AccessClaims, Membership, TenantRole } from '@kyong/contracts';
import type { Address } from './address.ts';

export interface Person {
  id: string;
  platformAdmin: boolean;
  /** Every tenant they may enter, and as what. */
  tenants: Membership[];
}

export interface NewSession {
  id: string;
  /** The tenant asked for; kept only if the person has a role there. */
  tenantId?: string | undefined;
  scope: string;
  tokenHash: Buffer;
  createdAt: Date;
  expiresAt: Date;
}

/** A session that is neither over nor revoked. */
export interface LiveSession {
  person: Person;
  tenantId?: string | undefined;
  scope: string;
  /** When its person signed in. */
  createdAt: Date;
  /** Hash of the one refresh token that is good. */
  tokenHash: Buffer;
}

export type SessionChange =
  | { kind: 'rotate'; tokenHash: Buffer; tenantId?: string | undefined }
  | { kind: 'revoke' }
  | { kind: 'keep' };

/** A member of a tenant as someone is about to change them. */
export interface MembershipState {
  /** The role of the one who asks, now; the token may be older. */
  actor?: TenantRole | undefined;
  current?: TenantRole | undefined;
  /** How many owners the tenant has. */
  owners: number;
}

export interface MembershipChange {
  tenantId: string;
  actorId: string;
  /** For the audit. */
  sourceIp: string | null;
  action: 'member.grant' | 'member.revoke';
  member: Address | { userId: string };
}

export type MembershipRefusal = 'forbidden' | 'not_found' | 'last_owner';
export type MembershipDecision =
  | { kind: 'grant'; role: TenantRole }
  | { kind: 'revoke' }
  | { kind: 'refuse'; reason: MembershipRefusal };

export interface IdentityStore {
  /** Finds the person of a proved address, or makes one, and opens a session for them: all or nothing. */
  signIn(address: Address, session: NewSession): Promise<Person>;
  findPerson(userId: string): Promise<Person | undefined>;
  /**
   * Locks a live session, lets `decide` say what becomes of it, and does that. Callers with the same session take turns.
   * @returns what `decide` answered, or undefined when there is no such live session.
   */
  changeSession<T>(
    sessionId: string,
    now: Date,
    decide: (session: LiveSession) => { change: SessionChange; answer: T },
  ): Promise<T | undefined>;
  /** Ends a session, if there is one. */
  revokeSession(sessionId: string, now: Date): Promise<void>;
  /**
   * Lets `decide` change a member, one change of a tenant at a time. An address nobody has proved yet gets its person here.
   * @returns the member, or why it was refused.
   */
  changeMembership(
    change: MembershipChange,
    decide: (state: MembershipState) => MembershipDecision,
  ): Promise<{ userId: string } | { refused: MembershipRefusal }>;
}

export interface TokenSigner {
  /** A signed access token, good for `lifetimeSeconds` from now. */
  sign(claims: AccessClaims, lifetimeSeconds: number): Promise<string>;
}

/** What signing in, refreshing and granting need. */
export interface Identity {
  store: IdentityStore;
  signer: TokenSigner;
  now: () => Date;
}

import type { AccessClaims, Membership, TenantRole } from '@kyong/contracts';
import type { Address } from './address.ts';

export interface Person {
  id: string;
  platformAdmin: boolean;
  /** Every tenant they may enter, and as what. */
  tenants: Membership[];
}

/** A person, as they are when a token is signed for them. */
export interface Entry {
  person: Person;
  /** The newest end of their access to the tenant that is entered (an id of `ended_access`); 0: there is none. */
  endsSeen: number;
}

export interface NewSession {
  id: string;
  /**
   * The tenant in whose words the code came: the session opens no other, whether or not the person has a role there. Undefined
   * where the words were the platform's.
   */
  boundTenantId?: string | undefined;
  scope: string;
  tokenHash: Buffer;
  familyHash: Buffer;
  createdAt: Date;
  expiresAt: Date;
}

export interface Rotation {
  sessionId: string;
  /** Of the token that was presented. */
  tokenHash: Buffer;
  familyHash: Buffer;
  /** What takes its place, and the salt it came from. */
  next: { tokenHash: Buffer; salt: Buffer };
  /** The tenant to enter from now on, where one is named. */
  tenantId?: string | undefined;
  now: Date;
  /** A session that was last used before this is over. */
  usedSince: Date;
  /** A token that was replaced after this is good once more. */
  replacedSince: Date;
}

export interface RotatedSession extends Entry {
  /**
   * What became of the token: `rotated`; `repeated`, the one before the present one; `refused`, still
   * good and not spent, for there is no role in the tenant named or the session does not open it; `reused`, spent long ago, so
   * that the session is over now; `invented`, never one of this session.
   */
  outcome: 'rotated' | 'repeated' | 'refused' | 'reused' | 'invented';
  /** What the present token came from. */
  salt: Buffer;
  tenantId?: string | undefined;
  boundTenantId?: string | undefined;
  scope: string;
  /** When its person signed in. */
  createdAt: Date;
}

export interface Session {
  id: string;
  boundTenantId: string | null;
  createdAt: Date;
  lastUsedAt: Date;
  expiresAt: Date;
}

/** Which sessions of a person are meant: those that the asking one may see. */
export interface SessionFilter {
  userId: string;
  /** Only those bound to the same tenant. */
  boundTenantId?: string | undefined;
  now: Date;
  usedSince: Date;
}

/** A member of a tenant as someone is about to change them. */
export interface MembershipState {
  /** The role of the one who asks, now; the token may be older. */
  actor?: TenantRole | undefined;
  current?: TenantRole | undefined;
  /** How many owners the tenant has beside this member, who have entered it. */
  otherOwners: number;
}

export interface MembershipChange {
  tenantId: string;
  actorId: string;
  /** For the audit. */
  sourceIp: string | null;
  action: 'member.grant' | 'member.revoke' | 'member.leave';
  member: Address | { userId: string };
}

export interface Erasure {
  address: Address;
  /** What the audit knows the address by. */
  addressHash: string;
  actorId: string;
  sourceIp: string | null;
  now: Date;
}

/** Rows that were deleted, by table; or why none were. */
export type ErasureOutcome = { rows: Record<string, number> } | { refused: 'last_owner' };

export type MembershipRefusal = 'forbidden' | 'not_found' | 'last_owner' | 'insufficient_user_authentication';
export type MembershipDecision =
  | { kind: 'grant'; role: TenantRole }
  | { kind: 'revoke' }
  | { kind: 'refuse'; reason: MembershipRefusal };

export interface IdentityStore {
  /** Finds the person of a proved address, or makes one, and opens a session for them: all or nothing. */
  signIn(address: Address, session: NewSession): Promise<Entry>;
  findPerson(userId: string): Promise<Person | undefined>;
  /**
   * Judges a refresh token and does what follows from it. Callers with the same session take turns.
   * @returns undefined when the session is over, or was never there.
   */
  rotateSession(rotation: Rotation): Promise<RotatedSession | undefined>;
  /**
   * Ends the session that a refresh token is of, a spent one included.
   * @returns whose it was; undefined when it was over, or the token was invented.
   */
  endSessionOf(
    token: { sessionId: string; hash: Buffer; familyHash: Buffer },
    now: Date,
  ): Promise<string | undefined>;
  /** Newest first, those older than `before`; at most `limit`. */
  listSessions(
    filter: SessionFilter,
    page: { before?: { createdAt: Date; id: string } | undefined; limit: number },
  ): Promise<Session[]>;
  /** Ends one session of a person, or all but one. @returns how many there were. */
  endSessions(filter: SessionFilter, which: { id: string } | { except: string | undefined }): Promise<number>;
  /**
   * Lets `decide` change a member, one change of a tenant at a time. An address nobody has proved yet gets its person here.
   * @returns the member, or why it was refused.
   */
  changeMembership(
    change: MembershipChange,
    decide: (state: MembershipState) => MembershipDecision,
  ): Promise<{ userId: string } | { refused: MembershipRefusal }>;
  /** Deletes the person of an address with all that is kept of them, and writes that down, all or nothing. */
  erasePerson(erasure: Erasure): Promise<ErasureOutcome>;
  /** Writes down a change that was not even looked at. */
  recordRefusal(change: Omit<MembershipChange, 'member'>, reason: MembershipRefusal): Promise<void>;
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

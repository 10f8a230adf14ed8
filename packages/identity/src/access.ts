import {
  type AccessClaims,
  accessTokenSeconds,
  type Role,
  scopes,
  type TokenPair,
  type User,
} from '@kyong/contracts';
import type { Entry, Identity, Person, TokenSigner } from './ports.ts';

const operatorTokenSeconds = 365 * 86_400;
/** Subject of an operator's token. Nobody's id: those are UUIDs. */
const operatorSubject = 'operator';
const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

/** Where and what for a token is. */
export interface Access {
  sessionId: string;
  /** The tenant entered. */
  tenantId?: string | undefined;
  /** The one tenant the session opens; undefined for every tenant of the person. */
  boundTenantId?: string | undefined;
  scope: string;
  /** When the person proved to hold their address; a refresh is no proof. */
  authenticatedAt: Date;
}

/**
 * An access token for this person beside the refresh token of their session. A tenant they have no role in is left out. What a
 * tenant's own words have opened is that tenant, and nothing of the platform.
 */
export async function tokenPair(
  { signer }: Identity,
  { person, endsSeen }: Entry,
  { sessionId, boundTenantId, scope, authenticatedAt, ...access }: Access,
  refreshToken: string,
): Promise<TokenPair> {
  const isBound = boundTenantId !== undefined;
  const tenants = openedBy(person, boundTenantId);
  const role = tenants.find(({ tenantId }) => tenantId === access.tenantId)?.role;
  const isOperator = person.platformAdmin && !isBound;
  const roles: Role[] = [...(isOperator ? (['platform_admin'] as const) : []), ...(role ? [role] : [])];
  const claims: AccessClaims = {
    sub: person.id,
    ...(role && { tenant: access.tenantId, ends_seen: endsSeen }),
    roles,
    scope: isBound ? scopes.session : isOperator ? `${scope} ${scopes.operator}` : scope,
    auth_time: Math.floor(authenticatedAt.getTime() / 1000),
    sid: sessionId,
    ...(isBound && { bound: boundTenantId }),
  };
  return {
    accessToken: await signer.sign(claims, accessTokenSeconds),
    refreshToken,
    tokenType: 'Bearer',
    expiresIn: accessTokenSeconds,
    user: { id: person.id, roles, tenants },
  };
}

/** A platform administrator's token for a machine's own operator, who has no address to prove. Good for a year. */
export function operatorToken(signer: TokenSigner): Promise<string> {
  return signer.sign(
    { sub: operatorSubject, roles: ['platform_admin'], scope: scopes.operator },
    operatorTokenSeconds,
  );
}

/** The caller as their token and the database know them now. */
export async function describeCaller({ store }: Identity, claims: AccessClaims): Promise<User> {
  const person = isPerson(claims) ? await store.findPerson(claims.sub) : undefined;
  return { id: claims.sub, roles: claims.roles, tenants: person ? openedBy(person, claims.bound) : [] };
}

/** Whether the caller is a person of ours: operators have names that are no UUIDs. */
export const isPerson = ({ sub }: AccessClaims) => uuid.test(sub);

function openedBy({ tenants }: Person, boundTenantId: string | undefined) {
  return tenants.filter(({ tenantId }) => boundTenantId === undefined || tenantId === boundTenantId);
}

import { type AccessClaims, type Role, scopes, type TokenPair, type User } from '@kyong/contracts';
import type { Identity, Person, TokenSigner } from './ports.ts';

/** Short, because an access token cannot be taken back. */
export const accessTokenSeconds = 15 * 60;
const operatorTokenSeconds = 365 * 86_400;
/** Subject of an operator's token. Nobody's id: those are UUIDs. */
const operatorSubject = 'operator';

/** Where and what for a token is. */
export interface Access {
  tenantId?: string | undefined;
  scope: string;
  /** When the person proved to hold their address; a refresh is no proof. */
  authenticatedAt: Date;
}

/** The roles of a token: the platform's, and the one in its tenant. None of other tenants. */
export function rolesOf(person: Person, tenantId: string | undefined): Role[] {
  const member = person.tenants.find((membership) => membership.tenantId === tenantId);
  return [...(person.platformAdmin ? (['platform_admin'] as const) : []), ...(member ? [member.role] : [])];
}

export function hasRoleIn(person: Person, tenantId: string): boolean {
  return person.tenants.some((membership) => membership.tenantId === tenantId);
}

/** An access token for this person beside the refresh token of their session. A tenant they have no role in is left out. */
export async function tokenPair(
  { signer }: Identity,
  person: Person,
  access: Access,
  refreshToken: string,
): Promise<TokenPair> {
  const tenantId =
    access.tenantId !== undefined && hasRoleIn(person, access.tenantId) ? access.tenantId : undefined;
  const user: User = { id: person.id, roles: rolesOf(person, tenantId), tenants: person.tenants };
  const claims = {
    sub: person.id,
    ...(tenantId !== undefined && { tenant: tenantId }),
    roles: user.roles,
    scope: person.platformAdmin ? `${access.scope} ${scopes.operator}` : access.scope,
    auth_time: Math.floor(access.authenticatedAt.getTime() / 1000),
  };
  return {
    accessToken: await signer.sign(claims, accessTokenSeconds),
    refreshToken,
    tokenType: 'Bearer',
    expiresIn: accessTokenSeconds,
    user,
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
  const person = claims.sub === operatorSubject ? undefined : await store.findPerson(claims.sub);
  return { id: claims.sub, roles: claims.roles, tenants: person?.tenants ?? [] };
}

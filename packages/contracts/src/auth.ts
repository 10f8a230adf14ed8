import { z } from 'zod';
import { address } from './address.ts';
import { paging } from './paging.ts';
import { tenantId } from './tenant.ts';

/** Roles inside a tenant, from most to least powerful. */
export const tenantRole = z
  .enum(['gym_owner', 'gym_manager', 'gym_staff', 'trainer', 'member', 'guest'])
  .meta({ id: 'TenantRole' });
export type TenantRole = z.infer<typeof tenantRole>;

export const role = z.enum(['platform_admin', ...tenantRole.options]).meta({ id: 'Role' });
export type Role = z.infer<typeof role>;

export const membership = z
  .object({
    tenantId: z.string(),
    role: tenantRole,
    invited: z
      .literal(true)
      .optional()
      .meta({ description: 'Until the person enters: signs in, or refreshes, naming this tenant' }),
  })
  .meta({ id: 'Membership' });
export type Membership = z.infer<typeof membership>;

export const user = z
  .object({
    id: z.string().meta({ description: "A UUID, or `operator` for the platform's own operator" }),
    roles: z
      .array(role)
      .meta({ description: "The roles of this token: the platform's, and those in its tenant" }),
    tenants: z
      .array(membership)
      .meta({ description: 'Every tenant this person may enter with this session, and as what' }),
  })
  .meta({ id: 'User' });
export type User = z.infer<typeof user>;

export const tokenPair = z
  .object({
    accessToken: z.string(),
    refreshToken: z.string(),
    tokenType: z.literal('Bearer'),
    expiresIn: z.int().meta({ description: 'Seconds until the access token expires' }),
    user,
  })
  .meta({ id: 'TokenPair' });
export type TokenPair = z.infer<typeof tokenPair>;

/**
 * How long an access token is good at most (an operator's own apart). Short: for so long everybody who verifies tokens keeps in
 * mind which of them have ended before their time.
 */
export const accessTokenSeconds = 15 * 60;

/** The claims of an access token beside the registered ones (RFC 7519): who, where, as what, for what. */
export const accessClaims = z.object({
  /** A UUID of a person, or an operator's name: an ARN of AWS has up to 2,048 characters (IAM, "Quotas"). */
  sub: z.string().min(1).max(2048),
  tenant: tenantId.optional(),
  roles: z.array(role),
  scope: z.string(),
  /** The session it was given for (OpenID Connect Front-Channel Logout, 3). */
  sid: z.uuid().optional(),
  /** The one tenant that the session can open: the one in whose words its code came. */
  bound: tenantId.optional(),
  /** The newest end of the person's access to `tenant` that was known when this was signed: see `EndedAccess`. */
  ends_seen: z.int().nonnegative().optional(),
  /** When the person last proved who they are (OpenID Connect Core, 2): seconds since 1970. A refresh keeps it. */
  auth_time: z.int().optional(),
});
export type AccessClaims = z.infer<typeof accessClaims>;

/** Scopes are space-separated in the token (RFC 8693). A verified signup may provision a tenant. */
export const scopes = { session: 'session', signup: 'signup', operator: 'operator' } as const;

const exampleToken = 'q7Jm0cV2nXb4TzUe1sWgK9dHfLrYaXo3iEv7MnBq5w';

export const refreshRequest = z
  .strictObject({ refreshToken: z.string().min(1).max(512), tenantId: tenantId.optional() })
  .meta({ id: 'RefreshRequest', example: { refreshToken: exampleToken, tenantId: 'iron-temple' } });
export type RefreshRequest = z.infer<typeof refreshRequest>;

export const logoutRequest = z
  .strictObject({ refreshToken: z.string().min(1).max(512) })
  .meta({ id: 'LogoutRequest', example: { refreshToken: exampleToken } });

export const grantRoleRequest = z
  .strictObject({
    to: address,
    role: tenantRole,
  })
  .meta({ id: 'GrantRoleRequest', example: { to: 'ann@example.com', role: 'trainer' } });
export const grantRoleResponse = z
  .object({ userId: z.uuid(), tenantId: z.string(), role: tenantRole })
  .meta({ id: 'GrantRoleResponse' });

export const listSessionsQuery = z.object(paging);
export const sessionPage = z
  .object({
    sessions: z.array(
      z.object({
        sessionId: z.uuid(),
        createdAt: z.iso.datetime().meta({ description: 'When the person signed in' }),
        lastUsedAt: z.iso.datetime().meta({ description: 'When it was last refreshed' }),
        expiresAt: z.iso.datetime().meta({ description: 'When it ends at the latest' }),
        boundTo: z.string().optional().meta({
          description: 'The one tenant it can enter: the one that was named when the code was sent',
        }),
        current: z.boolean().meta({ description: 'Whether it is the one of the token that asks' }),
      }),
    ),
    nextCursor: z.string().nullable(),
  })
  .meta({ id: 'SessionPage' });
export type SessionPage = z.infer<typeof sessionPage>;

export const erasePersonRequest = z
  .strictObject({
    address,
  })
  .meta({ id: 'ErasePersonRequest', example: { address: 'ann@example.com' } });
export const personErasure = z
  .object({
    addressHash: z.string().meta({
      description:
        'Of the address, under a key of the platform: by it the proof is found in the audit, and nobody else reads it',
    }),
    erasedAt: z.iso.datetime(),
    rows: z
      .record(z.string(), z.int())
      .meta({ description: 'What was deleted, by table; nothing where nobody has this address' }),
  })
  .meta({ id: 'PersonErasure' });
export type PersonErasure = z.infer<typeof personErasure>;

export const jwks = z
  .object({ keys: z.array(z.record(z.string(), z.unknown())) })
  .meta({ id: 'JsonWebKeySet' });

export const operatorProof = z
  .strictObject({
    proof: z
      .string()
      .max(7_168)
      .regex(/^[\w%=&.~+-]+$/)
      .meta({
        description:
          "The query of a signed request for STS' GetCallerIdentity (Signature Version 4), good for a minute at most, with the " +
          'header `x-kyo-audience`, the issuer of the tokens, among what is signed.',
      }),
  })
  .meta({
    id: 'OperatorProof',
    example: {
      proof:
        'Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=60&X-Amz-Signature=9f86d081',
    },
  });

export const operatorAccess = z
  .object({
    accessToken: z.string(),
    tokenType: z.literal('Bearer'),
    expiresIn: z
      .int()
      .meta({ description: 'Seconds until the access token expires; there is no refresh token' }),
  })
  .meta({ id: 'OperatorAccess' });

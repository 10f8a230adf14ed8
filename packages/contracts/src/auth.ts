import { z } from 'zod';
import { tenantId } from './tenant.ts';

/** Roles inside a tenant, from most to least powerful. */
export const tenantRole = z
  .enum(['gym_owner', 'gym_manager', 'gym_staff', 'trainer', 'member', 'guest'])
  .meta({ id: 'TenantRole' });
export type TenantRole = z.infer<typeof tenantRole>;

export const role = z.enum(['platform_admin', ...tenantRole.options]).meta({ id: 'Role' });
export type Role = z.infer<typeof role>;

export const membership = z.object({ tenantId: z.string(), role: tenantRole }).meta({ id: 'Membership' });
export type Membership = z.infer<typeof membership>;

export const user = z
  .object({
    id: z.string().meta({ description: "A UUID, or `operator` for the platform's own operator" }),
    roles: z
      .array(role)
      .meta({ description: "The roles of this token: the platform's, and those in its tenant" }),
    tenants: z.array(membership).meta({ description: 'Every tenant this person may enter, and as what' }),
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

/** The claims of an access token beside the registered ones (RFC 7519): who, where, as what, for what. */
export const accessClaims = z.object({
  sub: z.string().min(1).max(100),
  tenant: tenantId.optional(),
  roles: z.array(role),
  scope: z.string(),
  /** When the person last proved who they are (OpenID Connect Core, 2): seconds since 1970. A refresh keeps it. */
  auth_time: z.int().optional(),
});
export type AccessClaims = z.infer<typeof accessClaims>;

/** Scopes are space-separated in the token (RFC 8693). A verified signup may provision a tenant. */
export const scopes = { session: 'session', signup: 'signup', operator: 'operator' } as const;

export const refreshRequest = z
  .strictObject({ refreshToken: z.string().min(1).max(512), tenantId: tenantId.optional() })
  .meta({ id: 'RefreshRequest' });
export type RefreshRequest = z.infer<typeof refreshRequest>;

export const logoutRequest = z
  .strictObject({ refreshToken: z.string().min(1).max(512) })
  .meta({ id: 'LogoutRequest' });

export const grantRoleRequest = z
  .strictObject({
    to: z.string().min(3).max(254).meta({ description: 'Phone number (E.164) or e-mail address' }),
    role: tenantRole,
  })
  .meta({ id: 'GrantRoleRequest' });
export const grantRoleResponse = z
  .object({ userId: z.uuid(), tenantId: z.string(), role: tenantRole })
  .meta({ id: 'GrantRoleResponse' });

export const jwks = z
  .object({ keys: z.array(z.record(z.string(), z.unknown())) })
  .meta({ id: 'JsonWebKeySet' });

import { z } from 'zod';
import { auditPage, listAuditQuery } from './audit.ts';
import * as auth from './auth.ts';
import { planChangeAccepted } from './capacity.ts';
import { collaborationRoutes } from './collaboration-routes.ts';
import { exportLink } from './departure.ts';
import { fleetRoutes } from './fleet-routes.ts';
import { health } from './health.ts';
import { operation } from './operation.ts';
import * as otp from './otp.ts';
import { otpSettings } from './otp-policy.ts';
import { otpAdministrationRoutes } from './otp-routes.ts';
import { restoreTenantRequest } from './restore.ts';
import { route } from './route.ts';
import * as tenants from './tenant.ts';

const tenantParams = z.object({ tenantId: tenants.tenantId });
const accepted = {
  status: 202,
  description: 'Accepted; watch the operation',
  body: tenants.operationAccepted,
  headers: { Location: 'The operation', 'Retry-After': 'Seconds until it is worth asking' },
} as const;

/** The whole public HTTP surface, by name. Servers register these; the OpenAPI document is built from them. */
export const routes = {
  provisionTenant: route({
    method: 'POST',
    path: '/provision-tenant',
    tag: 'Tenants',
    summary: 'Provision a tenant',
    description:
      'Records the tenant and starts the operation that gives it a database. Needs the token of a verified signup, ' +
      'or of an operator. The same request again answers with the same operation.',
    secured: true,
    headers: z.object({
      'idempotency-key': z
        .string()
        .min(1)
        .max(255)
        .optional()
        .meta({ description: 'Names this request for retries' }),
    }),
    body: tenants.provisionTenantRequest,
    success: {
      status: 202,
      description: 'Accepted; watch the operation',
      body: tenants.provisionTenantResponse,
      headers: { Location: 'The operation', 'Retry-After': 'Seconds until it is worth asking' },
    },
    problems: [
      'signup_required',
      'plan_not_self_service',
      'tenant_limit_reached',
      'self_service_exhausted',
      'tenant_taken',
      'tenant_reserved',
      'idempotency_key_reused',
      'region_unavailable',
    ],
  }),
  listTenants: route({
    method: 'GET',
    path: '/tenants',
    tag: 'Tenants',
    summary: 'List tenants (operator)',
    secured: true,
    query: tenants.listTenantsQuery,
    success: { status: 200, description: 'A page of tenants, by tenantId', body: tenants.tenantPage },
    problems: ['forbidden'],
  }),
  showTenant: route({
    method: 'GET',
    path: '/tenants/{tenantId}',
    tag: 'Tenants',
    summary: 'Show a tenant',
    secured: true,
    params: tenantParams,
    success: { status: 200, description: 'The tenant', body: tenants.tenant },
    problems: ['not_found'],
  }),
  suspendTenant: route({
    method: 'POST',
    path: '/tenants/{tenantId}/suspend',
    tag: 'Tenants',
    summary: 'Shut a tenant out, keeping its data (operator)',
    secured: true,
    params: tenantParams,
    success: accepted,
    problems: ['forbidden', 'not_found', 'operation_running', 'tenant_status_conflict'],
  }),
  resumeTenant: route({
    method: 'POST',
    path: '/tenants/{tenantId}/resume',
    tag: 'Tenants',
    summary: 'Let a suspended or leaving tenant back in (operator)',
    secured: true,
    params: tenantParams,
    success: accepted,
    problems: ['forbidden', 'not_found', 'operation_running', 'tenant_status_conflict'],
  }),
  changePlan: route({
    method: 'POST',
    path: '/tenants/{tenantId}/plan',
    tag: 'Tenants',
    summary: 'Change the plan of a tenant (operator)',
    description:
      'Where the plan asks for it the tenant gets a server of its own, or goes to a shared one: its data is copied while it ' +
      'is in use, compared, and switched to within seconds in which requests are answered with 503 and `Retry-After`. ' +
      'The former database is kept for some days, or until the change is confirmed.',
    secured: true,
    params: tenantParams,
    body: tenants.changePlanRequest,
    success: { ...accepted, body: planChangeAccepted },
    problems: [
      'forbidden',
      'not_found',
      'tenant_plan_unchanged',
      'operation_running',
      'tenant_status_conflict',
    ],
  }),
  moveTenant: route({
    method: 'POST',
    path: '/tenants/{tenantId}/move',
    tag: 'Tenants',
    summary: 'Move a tenant to another shared server (operator)',
    secured: true,
    params: tenantParams,
    body: tenants.moveTenantRequest,
    success: accepted,
    problems: ['forbidden', 'not_found', 'tenant_not_shared', 'operation_running', 'tenant_status_conflict'],
  }),
  confirmTenantChange: route({
    method: 'POST',
    path: '/tenants/{tenantId}/confirm',
    tag: 'Tenants',
    summary: 'Destroy the databases a tenant has left, before their time (operator)',
    secured: true,
    params: tenantParams,
    success: accepted,
    problems: ['forbidden', 'not_found', 'operation_running', 'tenant_status_conflict'],
  }),
  rotateTenantSecret: route({
    method: 'POST',
    path: '/tenants/{tenantId}/rotate-secret',
    tag: 'Tenants',
    summary: "Replace the password of a tenant's database, while it is in use (operator)",
    secured: true,
    params: tenantParams,
    success: accepted,
    problems: ['forbidden', 'not_found', 'operation_running', 'tenant_status_conflict'],
  }),
  restoreTenant: route({
    method: 'POST',
    path: '/tenants/{tenantId}/restore',
    tag: 'Tenants',
    summary: 'Restore a tenant to a point in time, beside the live database (operator)',
    description:
      'Makes a second database that is what the tenant had at that time, and compares it with the live one, which stays in ' +
      "use: the comparison is the operation's `report`. Nothing changes for the tenant until the restored database is put in " +
      'place with `/restore/swap`; `/restore/discard` takes it away.',
    secured: true,
    params: tenantParams,
    body: restoreTenantRequest,
    success: accepted,
    problems: [
      'forbidden',
      'not_found',
      'operation_running',
      'tenant_status_conflict',
      'restored_database_exists',
      'restore_time_unavailable',
    ],
  }),
  swapRestored: route({
    method: 'POST',
    path: '/tenants/{tenantId}/restore/swap',
    tag: 'Tenants',
    summary: 'Put the restored database of a tenant in the place of the live one (operator)',
    description:
      'Takes seconds, in which the status is `restoring` and requests are answered with 503. What was written after the time of ' +
      'the restore is in the former database, which is kept for some days or until the change is confirmed.',
    secured: true,
    params: tenantParams,
    success: accepted,
    problems: ['forbidden', 'not_found', 'operation_running', 'tenant_status_conflict', 'nothing_restored'],
  }),
  discardRestored: route({
    method: 'POST',
    path: '/tenants/{tenantId}/restore/discard',
    tag: 'Tenants',
    summary: 'Take the restored database of a tenant away (operator)',
    secured: true,
    params: tenantParams,
    success: accepted,
    problems: ['forbidden', 'not_found', 'operation_running', 'tenant_status_conflict', 'nothing_restored'],
  }),
  offboardTenant: route({
    method: 'DELETE',
    path: '/tenants/{tenantId}',
    tag: 'Tenants',
    summary: 'Offboard a tenant (operator)',
    description:
      'Shuts the tenant out at once and exports its data. After a grace period, in which `resume` brings it back whole, ' +
      'everything of it is destroyed, and the proof of that is shown with the tenant. Its tenantId is never given away again.',
    secured: true,
    params: tenantParams,
    success: accepted,
    problems: ['forbidden', 'not_found', 'operation_running', 'tenant_status_conflict'],
  }),
  exportOfTenant: route({
    method: 'GET',
    path: '/tenants/{tenantId}/export',
    tag: 'Tenants',
    summary: 'Where the export of a tenant that leaves can be fetched (operator)',
    secured: true,
    params: tenantParams,
    success: { status: 200, description: 'An address that is good for a while', body: exportLink },
    securityEvent: 'export.read',
    problems: ['forbidden', 'not_found'],
  }),
  auditOfTenant: route({
    method: 'GET',
    path: '/tenants/{tenantId}/audit',
    tag: 'Tenants',
    summary: 'Who asked for what to be done to a tenant (operator)',
    secured: true,
    params: tenantParams,
    query: listAuditQuery,
    success: { status: 200, description: 'Newest first, what was refused included', body: auditPage },
    problems: ['forbidden'],
  }),
  audit: route({
    method: 'GET',
    path: '/audit',
    tag: 'Tenants',
    summary: 'Who asked for what (operator)',
    secured: true,
    query: listAuditQuery,
    success: { status: 200, description: 'Newest first, what was refused included', body: auditPage },
    problems: ['forbidden'],
  }),
  retryOperation: route({
    method: 'POST',
    path: '/operations/{operationId}/retry',
    tag: 'Tenants',
    summary: 'Take up an operation that was left for the operator (operator)',
    description: 'One that is `failed`: what it could not undo is undone, as far as that works now.',
    secured: true,
    params: z.object({ operationId: z.uuid() }),
    success: accepted,
    problems: ['forbidden', 'not_found', 'operation_not_parked'],
  }),
  showOperation: route({
    method: 'GET',
    path: '/operations/{operationId}',
    tag: 'Tenants',
    summary: 'Watch an operation',
    secured: true,
    params: z.object({ operationId: z.uuid() }),
    success: { status: 200, description: 'The operation and its steps', body: operation },
    problems: ['not_found'],
  }),
  ...fleetRoutes,
  sendOtp: route({
    method: 'POST',
    path: '/api/otp/send',
    tag: 'One-time passwords',
    summary: 'Send a one-time password',
    description:
      'The answer is the same whether or not the address, or the tenant, is known. ' +
      'SMS goes to mobile numbers of Taiwan and of the countries the tenant has added.',
    secured: false,
    body: otp.sendOtpRequest,
    success: { status: 202, description: 'The code is on its way', body: otp.sendOtpResponse },
    problems: [
      'otp_country_refused',
      'otp_number_refused',
      'otp_email_domain_refused',
      'otp_captcha_required',
      'otp_resend_too_soon',
      'otp_send_limit',
      'otp_tenant_limit',
      'otp_prefix_limit',
      'otp_prefix_cut_off',
      'otp_budget_exhausted',
      'rate_limited',
    ],
  }),
  verifyOtp: route({
    method: 'POST',
    path: '/api/otp/verify',
    tag: 'One-time passwords',
    summary: 'Exchange a one-time password for tokens',
    secured: false,
    body: otp.verifyOtpRequest,
    success: { status: 200, description: 'Signed in', body: otp.verifyOtpResponse },
    securityEvent: 'sign-in',
    problems: ['otp_incorrect', 'otp_expired', 'otp_attempts_exhausted', 'rate_limited'],
  }),
  showOtpPolicy: route({
    method: 'GET',
    path: '/api/otp/policy',
    tag: 'One-time passwords',
    summary: "The tenant's settings for one-time passwords (owner, manager)",
    secured: true,
    success: { status: 200, description: 'What the tenant has set', body: otpSettings },
    problems: ['forbidden'],
  }),
  changeOtpPolicy: route({
    method: 'PUT',
    path: '/api/otp/policy',
    tag: 'One-time passwords',
    summary: "Replace the tenant's settings for one-time passwords (owner, manager)",
    description:
      "Settings narrow the platform's limits and never widen them. They hold at once where they were changed, and " +
      'everywhere within half a minute. Needs a recent sign-in.',
    secured: true,
    body: otpSettings,
    success: { status: 200, description: 'The settings from now on', body: otpSettings },
    securityEvent: 'otp-policy.replace',
    problems: ['forbidden', 'insufficient_user_authentication', 'otp_policy_unsafe'],
  }),
  ...otpAdministrationRoutes,
  refresh: route({
    method: 'POST',
    path: '/api/auth/refresh',
    tag: 'Sessions',
    summary: 'Exchange a refresh token for a new pair, for a tenant when one is named',
    description:
      'A session whose code was asked for with a `tenantId` enters that tenant alone (403 for any other); one without enters ' +
      'every tenant of the person. A spent token is good for ten seconds more, and gets the same refresh token: an answer ' +
      'was lost, or two tabs came at once. Later it ends the session. A session ends 30 days after its sign-in, and sooner ' +
      'when it is not used for 14.',
    secured: false,
    body: auth.refreshRequest,
    success: { status: 200, description: 'A new pair; the old refresh token is spent', body: auth.tokenPair },
    problems: ['refresh_token_invalid', 'forbidden'],
  }),
  logout: route({
    method: 'POST',
    path: '/api/auth/logout',
    tag: 'Sessions',
    summary: 'End a session',
    description: 'Its access tokens are refused from then on, too.',
    secured: false,
    body: auth.logoutRequest,
    success: { status: 204, description: 'The session is over, if it was one' },
    securityEvent: 'logout',
    problems: [],
  }),
  listSessions: route({
    method: 'GET',
    path: '/api/auth/sessions',
    tag: 'Sessions',
    summary: 'My sessions that are not over',
    description: 'With a session that is bound to a tenant, those that are bound to the same one.',
    secured: true,
    query: auth.listSessionsQuery,
    success: { status: 200, description: 'Newest first', body: auth.sessionPage },
    problems: [],
  }),
  endOtherSessions: route({
    method: 'DELETE',
    path: '/api/auth/sessions',
    tag: 'Sessions',
    summary: 'End all my sessions but the one of this token',
    secured: true,
    success: { status: 204, description: 'They are over, and their access tokens refused' },
    securityEvent: 'session.end',
    problems: [],
  }),
  endSession: route({
    method: 'DELETE',
    path: '/api/auth/sessions/{sessionId}',
    tag: 'Sessions',
    summary: 'End one of my sessions',
    secured: true,
    params: z.object({ sessionId: z.uuid() }),
    success: { status: 204, description: 'It is over, and its access tokens refused' },
    securityEvent: 'session.end',
    problems: ['not_found'],
  }),
  me: route({
    method: 'GET',
    path: '/api/auth/me',
    tag: 'Sessions',
    summary: 'Who am I',
    secured: true,
    success: { status: 200, description: 'The person of this token', body: auth.user },
    problems: [],
  }),
  grantRole: route({
    method: 'POST',
    path: '/api/auth/tenants/{tenantId}/users',
    tag: 'Sessions',
    summary: 'Let a person into a tenant (owner, manager)',
    description:
      'The person is invited until they enter the tenant, and may leave it. To make an owner, and to give an owner or a manager ' +
      'another role, needs a recent sign-in. Whoever had another role is signed out of the tenant: tokens with the former role are ' +
      'refused from then on, and a refresh gets one with the new role.',
    secured: true,
    params: tenantParams,
    body: auth.grantRoleRequest,
    success: { status: 201, description: 'May enter from now on', body: auth.grantRoleResponse },
    securityEvent: 'member.grant',
    problems: ['forbidden', 'insufficient_user_authentication', 'last_owner'],
  }),
  revokeRole: route({
    method: 'DELETE',
    path: '/api/auth/tenants/{tenantId}/users/{userId}',
    tag: 'Sessions',
    summary: 'Take a person out of a tenant (owner, manager)',
    description: 'Needs a recent sign-in. Their tokens for the tenant are refused from then on.',
    secured: true,
    params: tenantParams.extend({ userId: z.uuid() }),
    success: { status: 204, description: 'May no longer enter' },
    securityEvent: 'member.revoke',
    problems: ['forbidden', 'insufficient_user_authentication', 'not_found', 'last_owner'],
  }),
  leaveTenant: route({
    method: 'DELETE',
    path: '/api/auth/me/tenants/{tenantId}',
    tag: 'Sessions',
    summary: 'Leave a tenant, or decline an invitation to it',
    description: 'Owners and managers need a recent sign-in.',
    secured: true,
    params: tenantParams,
    success: { status: 204, description: 'The person has no role there any more' },
    securityEvent: 'member.leave',
    problems: ['insufficient_user_authentication', 'not_found', 'last_owner'],
  }),
  erasePerson: route({
    method: 'POST',
    path: '/api/auth/people/erase',
    tag: 'Sessions',
    summary: 'Erase a person, at their request (operator)',
    description:
      'Deletes the person of an address with all their addresses, sessions and roles, and writes the proof into the audit ' +
      '(`person.erase`). What gyms keep of their members is theirs to erase. The last owner of a gym that is not offboarded ' +
      'is refused (409).',
    secured: true,
    body: auth.erasePersonRequest,
    success: { status: 200, description: 'The proof', body: auth.personErasure },
    securityEvent: 'person.erase',
    problems: ['forbidden', 'last_owner'],
  }),
  jwks: route({
    method: 'GET',
    path: '/.well-known/jwks.json',
    tag: 'Sessions',
    summary: 'The public keys that access tokens are signed with',
    secured: false,
    success: {
      status: 200,
      description: 'A JSON Web Key Set (RFC 7517)',
      body: auth.jwks,
      headers: { 'Cache-Control': 'How long the keys may be kept; a new key is here before it signs' },
    },
    problems: [],
  }),
  ...collaborationRoutes,
  outbox: route({
    method: 'GET',
    path: '/dev/outbox',
    tag: 'Laptop',
    summary: 'Messages "sent" to an address (laptop only)',
    secured: false,
    query: otp.outboxQuery,
    success: { status: 200, description: 'Newest first', body: z.array(otp.outboxMessage) },
    problems: [],
  }),
  health: route({
    method: 'GET',
    path: '/healthz',
    tag: 'Health',
    summary: 'Whether every part is ready',
    secured: false,
    success: { status: 200, description: 'Every part is ready', body: health },
    problems: ['unavailable'],
  }),
} as const;

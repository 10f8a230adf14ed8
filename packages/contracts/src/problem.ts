import { z } from 'zod';
import { restorableWindow } from './restore.ts';

/** Every `code` a client can meet, with its HTTP status and title. Codes are stable: clients branch on them. */
export const problems = {
  malformed_request: { status: 400, title: 'The request does not match its schema' },
  malformed_json: { status: 400, title: 'The body is not valid JSON' },
  unauthenticated: { status: 401, title: 'A valid access token is required' },
  insufficient_user_authentication: { status: 401, title: 'Sign in again: this needs a recent sign-in' },
  refresh_token_invalid: { status: 401, title: 'The refresh token is not valid' },
  forbidden: { status: 403, title: 'This token does not allow that' },
  signup_required: { status: 403, title: 'A verified signup or an operator is required' },
  plan_not_self_service: { status: 403, title: 'This plan cannot be chosen at signup' },
  tenant_limit_reached: { status: 403, title: 'No more tenants for this owner' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  tenant_taken: { status: 409, title: 'This tenantId is taken' },
  tenant_reserved: { status: 409, title: 'This tenantId is reserved' },
  template_name_taken: { status: 409, title: 'A template of this name exists' },
  last_owner: { status: 409, title: 'A tenant keeps at least one owner' },
  operation_running: { status: 409, title: 'Another operation of the tenant is under way' },
  tenant_status_conflict: { status: 409, title: 'The tenant is in a status that does not allow that' },
  restored_database_exists: { status: 409, title: 'A restored database of this tenant is there already' },
  nothing_restored: { status: 409, title: 'There is no restored database of this tenant' },
  tenant_plan_unchanged: { status: 409, title: 'The tenant has this plan' },
  tenant_not_shared: { status: 409, title: 'Only tenants on a shared server can be moved' },
  operation_not_parked: { status: 409, title: 'The operation was not left for an operator' },
  restore_running: { status: 409, title: 'The document is being restored at the moment' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The body must be application/json' },
  misdirected_request: { status: 421, title: 'This server does not answer to that name' },
  idempotency_key_reused: { status: 422, title: 'The idempotency key belongs to another request' },
  canaries_unknown: { status: 422, title: 'These tenants have nothing to migrate' },
  region_unavailable: { status: 422, title: 'The region is not served' },
  restore_time_unavailable: { status: 422, title: 'The tenant cannot be restored to this time' },
  quota_reached: { status: 422, title: 'The plan has no room for more' },
  otp_incorrect: { status: 422, title: 'The code is not correct' },
  otp_expired: { status: 422, title: 'The code is used, expired or unknown' },
  otp_country_refused: { status: 422, title: 'No SMS goes to this country' },
  otp_number_refused: { status: 422, title: 'This is no number that SMS codes go to' },
  otp_email_domain_refused: { status: 422, title: 'No code goes to this e-mail domain' },
  otp_captcha_required: { status: 422, title: 'Proof of a person is required, or was not accepted' },
  otp_policy_unsafe: { status: 422, title: 'The settings would not be safe' },
  otp_attempts_exhausted: { status: 429, title: 'Too many attempts' },
  otp_resend_too_soon: { status: 429, title: 'A code was sent a moment ago' },
  otp_send_limit: { status: 429, title: 'Too many codes for this recipient' },
  otp_tenant_limit: { status: 429, title: 'Too many codes for this tenant' },
  otp_prefix_limit: { status: 429, title: 'Too many codes to this range of numbers' },
  otp_prefix_cut_off: { status: 429, title: 'Too few codes to this range of numbers are used' },
  otp_budget_exhausted: { status: 429, title: 'The budget of SMS for this month is spent' },
  self_service_exhausted: { status: 429, title: 'No more servers are given away by signup for now' },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  unavailable: { status: 503, title: 'Temporarily unavailable' },
  insufficient_storage: { status: 507, title: 'There is no room to store anything new' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof problems;

/** A problem document (RFC 9457), the body of every error answer. */
export const problemDocument = z
  .object({
    type: z.string().meta({ description: 'A URI reference that names the kind of problem' }),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    code: z.enum(Object.keys(problems) as [ProblemCode, ...ProblemCode[]]),
    requestId: z.string(),
    errors: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'What is wrong with which field' }),
    operationId: z.uuid().optional().meta({ description: 'Only with operation_running' }),
    statusUrl: z
      .string()
      .optional()
      .meta({ description: 'Only with operation_running: where it can be watched' }),
    attemptsLeft: z.int().optional().meta({ description: 'Only with otp_incorrect' }),
    window: restorableWindow
      .optional()
      .meta({ description: 'Only with restore_time_unavailable, once there is a backup' }),
  })
  .meta({ id: 'Problem' });

export type ProblemDocument = z.infer<typeof problemDocument>;

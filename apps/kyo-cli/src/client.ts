import {
  auditPage,
  exportLink,
  health,
  type InspectionKind,
  inspectionAccepted,
  inspectionOf,
  migration,
  migrationAccepted,
  migrationPlan,
  operation,
  operationAccepted,
  personErasure,
  planChangeAccepted,
  planList,
  problemDocument,
  provisionTenantResponse,
  schemaVersions,
  tenant,
  tenantPage,
  warmPool,
} from '@kyong/contracts';
import type { z } from 'zod';
import { CommandFailed, exitCodes } from './failure.ts';
import { findTarget } from './find-target.ts';
import { printable } from './printable.ts';
import type { Target, TargetOptions } from './target.ts';

const requestTimeoutMilliseconds = 15_000;

export interface TenantListQuery {
  status?: string;
  plan?: string;
  cursor?: string;
}

/** What can be asked for at an address of its own under a tenant. */
export type TenantChange = 'suspend' | 'resume' | 'rotate-secret' | 'move' | 'confirm';

/** The control plane's API, typed by the contracts. Its platform is looked for at the first question. */
export function createClient(options: TargetOptions & { json?: boolean }) {
  let target: Promise<Target> | undefined;

  async function call<S extends z.ZodType>(
    schema: S,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<z.output<S>> {
    target ??= findTarget(options);
    const { url, token, remedy } = await target;
    const response = await fetch(new URL(path, url), {
      method,
      headers: {
        authorization: `Bearer ${await token()}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(requestTimeoutMilliseconds),
    }).catch(() => {
      throw new CommandFailed(`Kyo does not answer at ${url}. ${remedy}`, exitCodes.unreachable);
    });
    const content: unknown = await response.json().catch(() => undefined);
    // The platform's health is an answer whatever its status.
    if (response.ok || path === '/healthz') {
      const answer = schema.parse(content);
      return options.json ? answer : printable(answer);
    }
    throw new CommandFailed(describe(response.status, printable(content)));
  }

  return {
    listTenants: (query: TenantListQuery) =>
      call(tenantPage, 'GET', `/tenants?${new URLSearchParams({ ...query })}`),
    showTenant: (tenantId: string) => call(tenant, 'GET', `/tenants/${encodeURIComponent(tenantId)}`),
    provision: (body: { tenantId: string; plan: string; name?: string }) =>
      call(provisionTenantResponse, 'POST', '/provision-tenant', body),
    change: (kind: TenantChange, tenantId: string, body?: object) =>
      call(operationAccepted, 'POST', `/tenants/${encodeURIComponent(tenantId)}/${kind}`, body),
    changePlan: (tenantId: string, body: { plan: string; time?: string }) =>
      call(planChangeAccepted, 'POST', `/tenants/${encodeURIComponent(tenantId)}/plan`, body),
    restore: (tenantId: string, to: string) =>
      call(operationAccepted, 'POST', `/tenants/${encodeURIComponent(tenantId)}/restore`, { to }),
    changeRestored: (change: 'swap' | 'discard', tenantId: string) =>
      call(operationAccepted, 'POST', `/tenants/${encodeURIComponent(tenantId)}/restore/${change}`),
    offboard: (tenantId: string) =>
      call(operationAccepted, 'DELETE', `/tenants/${encodeURIComponent(tenantId)}`),
    findExport: (tenantId: string) =>
      call(exportLink, 'GET', `/tenants/${encodeURIComponent(tenantId)}/export`),
    listAudit: (tenantId: string | undefined, query: Record<string, string>) =>
      call(
        auditPage,
        'GET',
        `${tenantId === undefined ? '' : `/tenants/${encodeURIComponent(tenantId)}`}/audit?${new URLSearchParams(query)}`,
      ),
    erasePerson: (address: string) => call(personErasure, 'POST', '/api/auth/people/erase', { address }),
    retryOperation: (operationId: string) =>
      call(operationAccepted, 'POST', `/operations/${encodeURIComponent(operationId)}/retry`),
    showOperation: (operationId: string) =>
      call(operation, 'GET', `/operations/${encodeURIComponent(operationId)}`),
    listPlans: () => call(planList, 'GET', '/plans'),
    showWarmPool: () => call(warmPool, 'GET', '/fleet/pool'),
    showVersions: () => call(schemaVersions, 'GET', '/fleet/versions'),
    requestInspection: (body: { kind: InspectionKind; cursor?: string }) =>
      call(inspectionAccepted, 'POST', '/fleet/inspections', body),
    showInspection: <K extends InspectionKind>(kind: K, inspectionId: string) =>
      call(inspectionOf(kind), 'GET', `/fleet/inspections/${inspectionId}`),
    planMigration: (canaries?: number | string[]) =>
      call(
        migrationPlan,
        'GET',
        `/fleet/migration-plan${canaries === undefined ? '' : `?canaries=${[canaries].flat().join(',')}`}`,
      ),
    startMigration: (body: { canaries?: number | string[]; concurrency?: number; maxFailures?: number }) =>
      call(migrationAccepted, 'POST', '/fleet/migrations', body),
    showMigration: (migrationId: string) => call(migration, 'GET', `/fleet/migrations/${migrationId}`),
    health: () => call(health, 'GET', '/healthz'),
  };
}

export type Client = ReturnType<typeof createClient>;

function describe(status: number, content: unknown): string {
  const problem = problemDocument.safeParse(content);
  if (!problem.success) return `The platform answered with status ${status}.`;
  const { title, detail, errors = [], code, requestId } = problem.data;
  const faults = errors.map(({ path, message }) => `\n  ${path}: ${message}`).join('');
  return `${title}.${detail ? ` ${detail}` : ''} (${code}, request ${requestId})${faults}`;
}

import type { Placement, Plan, TenantStatus } from '@kyong/contracts';

/** Where a tenant's database is or will be. Decided, and written down, before anything is created. */
export interface DatabaseReservation {
  tenantId: string;
  plan: Plan;
  placement: Placement;
  /** The server: the tenant's own, or the shared one it has room on. */
  instanceId: string;
  databaseName: string;
  /** The role the services use: rows of its own database, nothing else. */
  roleName: string;
  /** Where the role's password is kept. */
  secretRef: string;
}

/** How services get into a tenant's database. */
export type Login = Pick<DatabaseReservation, 'roleName' | 'secretRef'>;

/** Where the tenant's database answers, once it does. */
export interface DatabaseEndpoint {
  host: string;
  port: number;
  engineVersion: string;
}

/**
 * A database of a tenant beside the one it lives in. As `target` its operation makes it; at the switch the two change places,
 * and what is here then is the `previous` one, kept for a while. A `restored` one waits for an operator's decision.
 */
export interface SecondDatabase {
  /** The operation it belongs to. */
  operationId: string;
  state: 'target' | 'restored' | 'previous';
  reservation: DatabaseReservation;
  /** Null until available. */
  endpoint: DatabaseEndpoint | null;
  schemaVersion: string | null;
  /** Of a previous one: destroyed after this time, or sooner when an operator confirms the change. */
  keepUntil: Date | null;
}

export interface Tenant {
  id: string;
  name: string;
  plan: Plan;
  placement: Placement;
  status: TenantStatus;
  region: string;
  /** Subject of the token that asked for it. */
  ownerId: string;
  schemaVersion: string | null;
  createdAt: Date;
  /** Null until reserved. */
  reservation: DatabaseReservation | null;
  /** Null until available. */
  endpoint: DatabaseEndpoint | null;
  /** The login that services used before, while it is still good: between a rotation's switch and its end. */
  previousLogin: Login | null;
}

/** Subdomains that are ours, or that people would take for ours. */
const reserved = new Set(
  `www api app admin auth login signup account accounts billing pay status help support docs doc blog news mail email
   smtp imap ftp cdn static assets img media files download dev test staging stage prod demo sandbox internal
   system root master kyo gym gyms tenant tenants operator operations platform dashboard console health healthz
   ws socket realtime webhook webhooks security abuse legal privacy postmaster hostmaster webmaster noc`.split(
    /\s+/,
  ),
);

export function isReserved(tenantId: string): boolean {
  return reserved.has(tenantId);
}

/**
 * Names inside PostgreSQL, unique on any server. A tenantId holds no underscore and no two hyphens in a row, so no two tenants
 * share a name, nor do a tenant's first database and a second one, which has a `label`.
 */
export function databaseNames(tenantId: string, label?: string): { databaseName: string; roleName: string } {
  const first = `tenant_${tenantId.replaceAll('-', '_')}`;
  const databaseName = label === undefined ? first : `${first}__${label}`;
  return { databaseName, roleName: `${databaseName}_app` };
}

/**
 * Sets the names of a second database and of its server apart from the first one's. It begins with a digit, as no tenantId
 * does: `kyo-${label}-gym` can be no other tenant's.
 */
export function labelOf(operationId: string): string {
  return `0${operationId.slice(0, 8)}`;
}

/** The login that takes its turn after this one: of two names each comes back after the other. */
export function nextLogin({ roleName, secretRef }: Login): Login {
  // No tenantId has a doubled hyphen, so the name is nobody else's.
  return { roleName: toggled(roleName, '__2'), secretRef: toggled(secretRef, '-2') };
}

const toggled = (name: string, suffix: string) =>
  name.endsWith(suffix) ? name.slice(0, -suffix.length) : name + suffix;

import type { OperationKind, Placement, Plan, TenantEvent, TenantStatus } from '@kyong/contracts';
import type { Operation } from './operation.ts';
import type { DatabaseEndpoint, DatabaseReservation, Tenant } from './tenant.ts';

/** A way into a database. */
export interface DatabaseConnection {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  /** TLS, and the certificate authority (PEM) the server must prove itself by. Absent on the laptop's loopback. */
  ssl?: { ca: string };
}

/** One with full rights, for the control plane alone. */
export type AdminConnection = DatabaseConnection;

export type DatabaseState =
  | { state: 'absent' }
  | { state: 'creating'; detail: string }
  | { state: 'available'; endpoint: DatabaseEndpoint }
  /** It will not become available by waiting. */
  | { state: 'failed'; reason: string };

/**
 * Why a database goes. `undo` of a creation leaves nothing behind: nobody has used it yet. `offboard` keeps a last
 * snapshot and the backups, where the host has any, until they expire.
 */
export type DestroyPurpose = 'undo' | 'offboard';

/** A kind of place for tenant databases. Every method may be called again after a crash and finds its work done. */
export interface DatabaseHost {
  /** The server a new tenant would go to. Nothing is created. */
  chooseInstance(tenantId: string): Promise<string>;
  /** @throws {OperationRefused} when there is no room, with the remedy. */
  checkQuota(reservation: DatabaseReservation): Promise<void>;
  /** Begins, or continues, to create the database (and its server). Need not wait for it. */
  create(reservation: DatabaseReservation): Promise<void>;
  describe(reservation: DatabaseReservation): Promise<DatabaseState>;
  adminConnection(reservation: DatabaseReservation): Promise<AdminConnection>;
  /**
   * Takes the database, its role and its own server away; never what is not this tenant's.
   * Resolves when they are gone. @throws {Error} when that takes longer than one call may: call again.
   */
  destroy(reservation: DatabaseReservation, purpose: DestroyPurpose): Promise<void>;
}

/** What is done inside a tenant's database; the same SQL wherever it is. Safe to repeat. */
export interface TenantDatabase {
  ensureRole(
    admin: AdminConnection,
    role: { name: string; password: string; connectionLimit: number },
  ): Promise<void>;
  /** Migrates to the newest version and lets the role at the tables; answers with the version. */
  migrate(admin: AdminConnection, roleName: string): Promise<string>;
  /** The role may connect no more, and the connections it has are ended; answers with how many. */
  closeRole(admin: AdminConnection, roleName: string): Promise<number>;
  openRole(admin: AdminConnection, roleName: string): Promise<void>;
  seed(admin: AdminConnection, gym: { tenantId: string; name: string }): Promise<void>;
}

export interface SecretStore {
  /** The secret under this name, made at first use. */
  ensure(ref: string): Promise<string>;
  read(ref: string): Promise<string>;
  delete(ref: string): Promise<void>;
}

export interface ProvisionRequest {
  operationId: string;
  tenantId: string;
  name: string;
  plan: Plan;
  placement: Placement;
  region: string;
  caller: string;
  sourceIp: string | null;
  idempotencyKey?: string;
  requestHash: string;
  maxTenantsPerOwner: number | null;
  stepNames: string[];
}

export type ProvisionOutcome =
  | { outcome: 'accepted'; operationId: string; created: boolean }
  | { outcome: 'taken' | 'key-reused' | 'too-many' };

/** A change to a tenant that exists. */
export interface OperationRequest {
  operationId: string;
  tenantId: string;
  kind: OperationKind;
  /** The statuses the tenant may be in. */
  from: readonly TenantStatus[];
  /** Its status from now on; unchanged when absent. */
  during?: TenantStatus;
  caller: string;
  sourceIp: string | null;
  stepNames: string[];
}

export type OperationRequestOutcome =
  | { outcome: 'accepted'; operationId: string; status: TenantStatus; created: boolean }
  /** Another operation is under way, or the tenant is in a status that does not fit. */
  | { outcome: 'conflict'; status: TenantStatus }
  | { outcome: 'unknown' };

/** The right to advance an operation, for a while. */
export interface Claim {
  epoch: number;
  operation: Operation;
  tenant: Tenant;
}

export type ClaimOutcome =
  | { outcome: 'claimed'; claim: Claim }
  | { outcome: 'busy' | 'finished' | 'unknown' };

export interface StepRecord {
  position: number;
  status: 'succeeded' | 'waiting' | 'retrying' | 'failed' | 'undone';
  detail?: string;
  error?: string;
  /** Whether this was an attempt to undo. */
  undo?: boolean;
  /** Set when the operation turns round and begins to undo, with the reason. */
  beginUndo?: string;
  afterSeconds: number;
}

export interface TenantFilter {
  status?: TenantStatus;
  plan?: Plan;
  placement?: Placement;
  /** Tenants after this id. */
  after?: string;
  limit: number;
}

/** The master database. */
export interface TenancyStore {
  requestProvision(request: ProvisionRequest): Promise<ProvisionOutcome>;
  requestOperation(request: OperationRequest): Promise<OperationRequestOutcome>;
  findTenant(tenantId: string): Promise<Tenant | undefined>;
  listTenants(filter: TenantFilter): Promise<Tenant[]>;
  countTenants(status: TenantStatus): Promise<number>;
  findOperation(operationId: string): Promise<Operation | undefined>;
  findLatestOperations(tenantIds: string[]): Promise<Map<string, Operation>>;
  /** A server answers at another address now: so do the databases of all tenants on it. */
  moveInstance(instanceId: string, address: { host: string; port: number }): Promise<void>;
  /** Operations whose time came (`overdueSeconds` ago, 0 unless said) and that no other driver than `owner` holds. */
  findDueOperations(owner: string, limit: number, overdueSeconds?: number): Promise<string[]>;
  /** Unfinished operations of the tenants whose databases are on this server. */
  findOperationsOnInstance(instanceId: string): Promise<string[]>;

  claim(operationId: string, owner: string, leaseSeconds: number): Promise<ClaimOutcome>;
  /** @throws {LeaseLost} as do the following. */
  extendLease(claim: Claim, leaseSeconds: number): Promise<void>;
  startStep(claim: Claim, position: number): Promise<void>;
  /** Writes the step's result and gives the claim back. */
  recordStep(claim: Claim, record: StepRecord): Promise<void>;
  succeed(claim: Claim): Promise<void>;
  /** Ends an operation that failed: undone (`compensated`), or with something left (`failed`). */
  fail(
    claim: Claim,
    status: 'compensated' | 'failed',
    tenantStatus: TenantStatus,
    event: TenantEvent,
  ): Promise<void>;

  reserveDatabase(claim: Claim, reservation: DatabaseReservation): Promise<void>;
  /** Forgets where the tenant's database was: nothing is left of it, and the tenant's name is free again. */
  releaseDatabase(claim: Claim): Promise<void>;
  recordEndpoint(claim: Claim, endpoint: DatabaseEndpoint): Promise<void>;
  recordSchemaVersion(claim: Claim, version: string): Promise<void>;
  /** From now on the tenant is open; its owner, when a person, becomes `gym_owner`. */
  activate(claim: Claim): Promise<void>;
  setStatus(claim: Claim, status: TenantStatus): Promise<void>;
  /** Puts an event into the outbox, once an operation and type. */
  announce(claim: Claim, event: TenantEvent): Promise<void>;
}

export interface Ports {
  store: TenancyStore;
  hosts: Record<Placement, DatabaseHost>;
  database: TenantDatabase;
  secrets: SecretStore;
  now: () => Date;
  /** Uniform in [0, 1). */
  random: () => number;
}

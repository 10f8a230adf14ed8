import type { Writable } from 'node:stream';
import type {
  DeletionProof,
  ExportManifest,
  OperationKind,
  Placement,
  Plan,
  ResizeTime,
  RestoreReport,
  TableComparison,
  TenantEvent,
  TenantRole,
  TenantStatus,
} from '@kyong/contracts';
import type { AuditEntry, AuditFilter, AuditRecord } from './audit.ts';
import type { Archive, Departure } from './departure.ts';
import type { AccessEnd, AccessOf } from './ended-access.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Operation } from './operation.ts';
import type { Quota } from './quota.ts';
import type { Resource } from './resource.ts';
import type { DatabaseEndpoint, DatabaseReservation, Login, SecondDatabase, Tenant } from './tenant.ts';
import type { WarmPoolStore } from './warm-pool/warm-database.ts';

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

/** What a new database's server is chosen by. */
export interface InstanceWish {
  tenantId: string;
  /** Of a second database (`labelOf`): its server, where it is the tenant's own, has another name than the first one's. */
  label?: string;
  /** The shared server an operator has named. */
  instanceId?: string;
  /** The server it must not be. */
  except?: string;
}

/** Between these times a database can be had as it was. */
export interface RestorableWindow {
  from: Date;
  until: Date;
}

/** A kind of place for tenant databases. Every method may be called again after a crash and finds its work done. */
export interface DatabaseHost {
  /** The server a new database would go to. Nothing is created. @throws {OperationRefused} when none fits the wish. */
  chooseInstance(wish: InstanceWish): Promise<string>;
  /**
   * What a new database of this plan is like, in one text: the schema or the engine it comes with, its size. One that was
   * prepared ahead is given to a tenant while new ones would be like it.
   */
  variantOf(plan: Plan): Promise<string>;
  /** @throws {OperationRefused} when there is no room, with the remedy. */
  checkQuota(reservation: DatabaseReservation): Promise<void>;
  /** What there is only so much of here, and how much of it is used. */
  quotas(): Promise<Quota[]>;
  /**
   * Begins, or continues, to create the database (and its server). Need not wait for it. A warm one the tenant has taken
   * over becomes its own.
   */
  create(reservation: DatabaseReservation): Promise<void>;
  describe(reservation: DatabaseReservation): Promise<DatabaseState>;
  adminConnection(reservation: DatabaseReservation): Promise<AdminConnection>;
  /** Undefined while there is no backup yet. */
  restorableWindow(reservation: DatabaseReservation, now: Date): Promise<RestorableWindow | undefined>;
  /**
   * Makes `target` what `source` was at `to`, or continues to; call again until it is done. The source runs on, untouched, and
   * so do all others on its server. @throws {OperationRefused} when that time cannot be had.
   */
  restoreBeside(
    source: DatabaseReservation,
    target: DatabaseReservation,
    to: Date,
  ): Promise<{ done: boolean; detail: string }>;
  /**
   * Gives the tenant's own server the size of the reservation's plan, or continues to; call again until it is done. Storage
   * never shrinks. @throws {OperationRefused}
   */
  resize(reservation: DatabaseReservation, time: ResizeTime): Promise<{ done: boolean; detail: string }>;
  /**
   * Takes the database, its role and its own server away; never what is not this tenant's.
   * Resolves when they are gone. @throws {Error} when that takes longer than one call may: call again.
   */
  destroy(reservation: DatabaseReservation, purpose: DestroyPurpose): Promise<void>;
  /** What there has to be of a database that is complete, named as `list` names it. */
  resourcesOf(reservation: DatabaseReservation, logins: string[]): Resource[];
  /** Takes away what `list` has found and nobody needs; of a server, as offboarding does. */
  remove(resource: Resource): Promise<void>;
  /** Everything of tenants there is in this kind of place, of one tenant or of all. */
  list(tenantId?: string): Promise<Resource[]>;
  /** Deletes last snapshots of servers that are gone, those from before a time; answers with their names. */
  endFinalSnapshots?(before: Date): Promise<string[]>;
}

/** What is done inside a tenant's database; the same SQL wherever it is. Safe to repeat. */
export interface TenantDatabase {
  ensureRole(
    admin: AdminConnection,
    role: { name: string; password: string; connectionLimit: number },
  ): Promise<void>;
  /** Migrates to the newest version and lets the tenant's roles at the tables; answers with the version. */
  migrate(admin: AdminConnection, roleName: string): Promise<string>;
  /** All that this role may, every role of the tenant may from now on. */
  shareRights(admin: AdminConnection, roleName: string): Promise<void>;
  /** None of the tenant's roles may connect any more; their connections are gone when this resolves, with how many. */
  closeRole(admin: AdminConnection, roleName: string): Promise<number>;
  openRole(admin: AdminConnection, roleName: string): Promise<void>;
  /** Takes one role away and ends its connections; answers with how many. The database and other roles stay. */
  dropRole(admin: AdminConnection, roleName: string): Promise<number>;
  /** Writes everything in the database, and how it is built, into one tar file. */
  export(
    admin: AdminConnection,
    about: { tenantId: string; name: string; exportedAt: Date },
    output: Writable,
  ): Promise<ExportManifest>;
  /** In bytes, with its indexes. */
  size(admin: AdminConnection): Promise<number>;
  /** Whether there is anything that people edit together. */
  hasDocuments(admin: AdminConnection): Promise<boolean>;
  seed(admin: AdminConnection, gym: { tenantId: string; name: string }): Promise<void>;
  /** The newest migration it has. */
  schemaVersion(admin: AdminConnection): Promise<string | null>;
  /** Table by table, row by row; both may be in use. */
  compare(live: AdminConnection, restored: AdminConnection): Promise<TableComparison[]>;
}

/** A copy of one database into another, by the name of everything it makes. */
export interface CopyEnds {
  /** Unique on any server: letters, digits and underscores, at most 63. */
  name: string;
  source: AdminConnection;
  target: AdminConnection;
}

export interface CopyProgress {
  /** All there was is there, and what comes follows at once. */
  complete: boolean;
  detail: string;
}

export interface Comparison {
  tables: number;
  rows: number;
  /** Null where there is no such table. */
  differences: { table: string; sourceRows: number | null; targetRows: number | null }[];
}

/** Keeps a copy of a database that is in use, until the copy takes its place. Both have the same schema. */
export interface DatabaseCopy {
  /** Begins, or finds it begun. What the target holds is replaced. @throws {OperationRefused} */
  start(ends: CopyEnds): Promise<void>;
  /** @throws {OperationRefused} when the copy cannot come to its end any more. */
  progress(ends: CopyEnds): Promise<CopyProgress>;
  /** The source is closed: waits until the target has all of it. False when that takes longer. */
  catchUp(ends: CopyEnds, waitAtMostSeconds: number): Promise<boolean>;
  /** Compares every table of both, by rows and checksum. @throws {OperationRefused} when it takes longer. */
  compare(ends: CopyEnds, waitAtMostSeconds: number): Promise<Comparison>;
  /** Ends the copying, and takes away all that it needed at both ends; the rows stay. */
  stop(ends: CopyEnds): Promise<void>;
}

export interface SecretStore {
  /** The secret under this name, made at first use. */
  ensure(ref: string): Promise<string>;
  read(ref: string): Promise<string>;
  delete(ref: string): Promise<void>;
  /** The names of all secrets of tenants, or of one. */
  list(tenantId?: string): Promise<string[]>;
}

/** Where exports are kept. */
export interface ArchiveStore {
  /** Keeps what `write` writes as one file, whole or not at all, in the place of one of that name before. */
  save(ref: string, write: (output: Writable) => Promise<void>): Promise<{ bytes: number; sha256: string }>;
  delete(ref: string): Promise<void>;
  /** The names of all archives, or of one tenant's. */
  list(tenantId?: string): Promise<string[]>;
  /** An address that the archive can be fetched from for a while, by whoever has it. */
  link(ref: string, lifetimeSeconds: number): Promise<string>;
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
  /** Of a request that orders a server by itself: how many there may be in 24 hours, this one counted; null: not counted. */
  maxServersPerDay: number | null;
  stepNames: string[];
}

export type ProvisionOutcome =
  | { outcome: 'accepted'; operationId: string; created: boolean }
  | { outcome: 'taken' | 'key-reused' | 'too-many' }
  /** Those of the day have been given away. */
  | { outcome: 'servers-exhausted'; retryAfterSeconds: number };

/** A change to a tenant that exists. */
export interface OperationRequest {
  operationId: string;
  tenantId: string;
  kind: OperationKind;
  /** The statuses the tenant may be in. */
  from: readonly TenantStatus[];
  /** Whether it may be done again when it was the last thing done. */
  repeatable: boolean;
  /** Its status from now on; unchanged when absent. */
  during?: TenantStatus;
  input: object;
  caller: string;
  sourceIp: string | null;
  stepNames: string[];
}

export type OperationRequestOutcome =
  | { outcome: 'accepted'; operationId: string; status: TenantStatus; created: boolean }
  /** Another operation is under way. */
  | { outcome: 'running'; operationId: string; kind: OperationKind }
  /** The tenant is in a status that does not fit. */
  | { outcome: 'conflict'; status: TenantStatus }
  /** Its schema is being migrated, which takes seconds. */
  | { outcome: 'migrating' }
  | { outcome: 'unknown' };

export type RetryOutcome =
  | { outcome: 'accepted'; tenantId: string; created: boolean }
  /** It came to its end by itself, or the tenant has changed since. */
  | { outcome: 'not-parked' }
  | { outcome: 'unknown' };

/** The right to advance an operation, for a while. */
export interface Claim {
  epoch: number;
  operation: Operation;
  tenant: Tenant;
  /** The second database of this operation, if it has one now. */
  second: SecondDatabase | null;
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

export interface OperationEnd {
  step?: { position: number; detail?: string | undefined; event?: TenantEvent | undefined };
  tenantStatus: TenantStatus | undefined;
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
export interface TenancyStore extends WarmPoolStore {
  requestProvision(request: ProvisionRequest): Promise<ProvisionOutcome>;
  requestOperation(request: OperationRequest): Promise<OperationRequestOutcome>;
  /**
   * Runs `task` while nothing is done to the tenant and nothing can begin, whether or not there is such a tenant.
   * Answers with false, and runs nothing, where something is under way.
   */
  whileIdle(tenantId: string, task: () => Promise<void>): Promise<boolean>;
  /** Takes up an operation that was left for the operator. */
  retryOperation(operationId: string, caller: { id: string; sourceIp: string | null }): Promise<RetryOutcome>;
  /**
   * Deletes what has come to its end: sessions, idempotency keys, invitations nobody took, people who belong to no gym and do not
   * come. Bounded; what is left is for the next call. People are looked for after `from` (a UUID; a random one unless said).
   * @returns how many, by table.
   */
  forgetWhatIsOver(from?: string): Promise<Record<string, number>>;
  /** Writes down that something was read that is not everybody's. */
  recordRead(entry: Omit<AuditEntry, 'refused'>): Promise<void>;
  /** Writes down what was asked for and not done. */
  recordRefusal(entry: AuditEntry): Promise<void>;
  /** Newest first. */
  listAudit(filter: AuditFilter): Promise<AuditRecord[]>;
  findTenant(tenantId: string): Promise<Tenant | undefined>;
  /** The role of a person in a tenant, whatever the tenant's status. */
  findRole(userId: string, tenantId: string): Promise<TenantRole | undefined>;
  /** What has ended within `seconds`, oldest first; of too many, the latest `limit`. */
  findEndedAccess(seconds: number, limit: number): Promise<AccessEnd[]>;
  /** Whether the access that a token gives has ended. */
  hasEnded(token: AccessOf): Promise<boolean>;
  listTenants(filter: TenantFilter): Promise<Tenant[]>;
  countTenants(status: TenantStatus): Promise<number>;
  findOperation(operationId: string): Promise<Operation | undefined>;
  findLatestOperations(tenantIds: string[]): Promise<Map<string, Operation>>;
  /** Tenants with a previous database that was to be kept until before `now`, and nothing else going on. */
  findDueConfirmations(now: Date, limit: number): Promise<string[]>;
  /** Second databases of one tenant, or of all. */
  findSecondDatabases(tenantId?: string): Promise<SecondDatabase[]>;
  /** A server answers at another address now: so do all databases on it. */
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
  /**
   * Ends an operation well: its last step (where it is not recorded yet), its event and the tenant's status (unchanged when absent)
   * in one transaction. Whoever sees the status may ask for the next change.
   */
  succeed(claim: Claim, end: OperationEnd): Promise<void>;
  /** Ends an operation that failed: undone (`compensated`), or with something left (`failed`). No status: it stays. */
  fail(
    claim: Claim,
    status: 'compensated' | 'failed',
    tenantStatus: TenantStatus | undefined,
    event: TenantEvent,
    error?: string,
  ): Promise<void>;
  /** What is left to do are these steps, in the place of those from `position` on. */
  replaceSteps(claim: Claim, position: number, names: string[]): Promise<void>;

  /** Writes down where the tenant's database will be, or that it takes over a warm one of this variant, where one is ready. */
  reserveDatabase(claim: Claim, reservation: DatabaseReservation, variant: string): Promise<void>;
  /** Forgets where the tenant's database was: nothing is left of it, and the tenant's name is free again. */
  releaseDatabase(claim: Claim): Promise<void>;
  recordEndpoint(claim: Claim, endpoint: DatabaseEndpoint): Promise<void>;
  recordSchemaVersion(claim: Claim, version: string): Promise<void>;
  /** Services get in by this login from now on; the one they had is kept as the previous one. */
  switchLogin(claim: Claim, login: Login): Promise<void>;
  /** Services get in by the previous login again. */
  switchLoginBack(claim: Claim): Promise<void>;
  /** Nothing is left of the previous login. */
  forgetPreviousLogin(claim: Claim): Promise<void>;
  /** Writes down where the operation's second database will be. */
  reserveTarget(claim: Claim, reservation: DatabaseReservation): Promise<void>;
  recordTargetEndpoint(claim: Claim, endpoint: DatabaseEndpoint): Promise<void>;
  recordTargetSchemaVersion(claim: Claim, version: string): Promise<void>;
  /**
   * The tenant lives in the target from now on, with its plan and placement; where it lived is kept until `keepUntil`.
   * Services hear of it. Nothing happens when that is so already.
   */
  switchToTarget(claim: Claim, keepUntil: Date): Promise<void>;
  /** Takes `switchToTarget` back. Nothing happens when that is so already. */
  switchBack(claim: Claim): Promise<void>;
  /** The target is complete, and stays beside the live database as the restored one until an operation takes it. */
  keepRestored(claim: Claim): Promise<void>;
  /** What was restored of the tenant is this operation's target from now on. */
  takeRestored(claim: Claim): Promise<void>;
  /** Forgets a target: nothing is left of it. */
  forgetTarget(claim: Claim): Promise<void>;
  /** Forgets a previous database of the tenant, by the operation it belongs to: nothing is left of it. */
  forgetPrevious(claim: Claim, operationId: string): Promise<void>;
  /** What the operation found out, for those who watch it. */
  recordReport(claim: Claim, report: RestoreReport): Promise<void>;
  /** Whether everything that people have edited is in the tenant's database; see `LastEdits`. */
  areEditsSaved(claim: Claim): Promise<boolean>;
  findDeparture(tenantId: string): Promise<Departure | undefined>;
  /** The names of all archives that are kept. */
  findArchives(): Promise<string[]>;
  recordArchive(claim: Claim, archive: Archive): Promise<void>;
  scheduleErasure(claim: Claim, eraseAfter: Date): Promise<void>;
  /** The tenant stays: nothing is left of its departure. */
  cancelDeparture(claim: Claim): Promise<void>;
  /** Tenants whose time to come back is over, and that nothing is done to. */
  findDueErasures(now: Date, limit: number): Promise<string[]>;
  /** Active tenants whose password is older than `before`, and that nothing is done to. */
  findDueRotations(before: Date, limit: number): Promise<string[]>;
  /** Writes down what is about to be destroyed, once: what is there when it is asked again is less. */
  recordInventory(claim: Claim, resources: Resource[]): Promise<void>;
  /** Deletes what names the tenant anywhere in the master database, but for its history; counts are kept in the departure. */
  forgetTenant(claim: Claim): Promise<void>;
  /** The tenant has no database any more, with the proof of it; its name stays taken. */
  closeBooks(claim: Claim, proof: DeletionProof): Promise<void>;
  /** The tenant's database is its own in all respects; its owner, when a person, becomes `gym_owner`. */
  activate(claim: Claim): Promise<void>;
  setStatus(claim: Claim, status: TenantStatus): Promise<void>;
  /** The tenant has this plan from now on. */
  recordPlan(claim: Claim, plan: Plan): Promise<void>;
}

export interface Ports {
  store: TenancyStore;
  hosts: Record<Placement, DatabaseHost>;
  database: TenantDatabase;
  copies: DatabaseCopy;
  secrets: SecretStore;
  archives: ArchiveStore;
  lifecycle: Lifecycle;
  /** A step that takes longer is cut off; null where none is. */
  longestStepSeconds: number | null;
  now: () => Date;
  /** Uniform in [0, 1). */
  random: () => number;
}

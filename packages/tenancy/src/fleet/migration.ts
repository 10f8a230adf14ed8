import type { MigrationStatus, MigrationTenantStatus } from '@kyong/contracts';
import type { AdminConnection } from '../ports.ts';
import type { Tenant } from '../tenant.ts';

/** A migration of every tenant's schema to one version. */
export interface FleetMigration {
  id: string;
  targetVersion: string;
  status: MigrationStatus;
  /** Databases migrated at one time. */
  concurrency: number;
  maxFailures: number;
  reason: string | null;
  createdAt: Date;
  finishedAt: Date | null;
}

export interface FleetMigrationReport extends FleetMigration {
  counts: Partial<Record<MigrationTenantStatus, number>>;
  failures: TenantReport[];
  /** Those that are tried again. */
  waiting: TenantReport[];
}

export interface TenantReport {
  tenantId: string;
  fromVersion: string;
  attempts: number;
  reason: string;
}

export interface FleetMigrationRequest {
  id: string;
  targetVersion: string;
  concurrency: number;
  maxFailures: number;
  /** Tenants by wave, canaries first. */
  waves: string[][];
  caller: string;
  sourceIp: string | null;
}

/** The right to work on a migration, for a while. */
export interface MigrationClaim {
  epoch: number;
  migration: FleetMigration;
  failures: FailureCount;
}

export interface FailureCount {
  canaries: number;
  all: number;
}

/** A tenant whose turn it is. */
export interface MigrationTarget {
  tenant: Tenant;
  wave: number;
  /** This one counted. */
  attempt: number;
  /** What else is being done to it at this moment, so that it cannot be migrated. */
  operation: string | null;
}

export interface MigrationResult {
  tenantId: string;
  /** `pending`: to be tried again. */
  status: Exclude<MigrationTenantStatus, 'running'>;
  /** The version its database has now, where it was found out. */
  version: string | null;
  detail: string | null;
  afterSeconds: number;
}

export interface SchemaVersionCount {
  version: string | null;
  tenants: number;
}

/** The master database, as far as fleet migrations go. */
export interface FleetMigrationStore {
  /** Tenants whose database is there, by the version it has. */
  countVersions(): Promise<SchemaVersionCount[]>;
  /** Those of them that are not at `version` yet, in order of their names. */
  findTenantsBefore(version: string): Promise<string[]>;
  /** Written down before any database is touched; one under way is found instead. */
  startMigration(request: FleetMigrationRequest): Promise<{ migrationId: string; created: boolean }>;
  findMigration(migrationId: string): Promise<FleetMigrationReport | undefined>;
  findLatestMigration(): Promise<FleetMigrationReport | undefined>;
  /** Migrations whose time has come and that no other driver than `owner` holds. */
  findDueMigrations(owner: string): Promise<string[]>;

  /** Takes the migration over: what a driver before has left half-way is to be done again. */
  claimMigration(
    migrationId: string,
    owner: string,
    leaseSeconds: number,
  ): Promise<MigrationClaim | 'busy' | 'finished'>;
  /** @throws {LeaseLost} as do the following. */
  extendMigration(claim: MigrationClaim, leaseSeconds: number): Promise<void>;
  /** The next tenants of the wave that is open. No operation begins on them until they are recorded. */
  takeTargets(claim: MigrationClaim, limit: number): Promise<MigrationTarget[]>;
  recordResults(claim: MigrationClaim, results: MigrationResult[]): Promise<void>;
  /** Takes in the tenants that have come since and are not at the target; answers with how many wait to be tried. */
  remaining(claim: MigrationClaim): Promise<{ tenants: number; nextInSeconds: number }>;
  releaseMigration(claim: MigrationClaim, afterSeconds: number): Promise<void>;
  finishMigration(
    claim: MigrationClaim,
    status: Exclude<MigrationStatus, 'running'>,
    reason: string | null,
  ): Promise<void>;
}

/** The schema of tenants as this code knows it. */
export interface TenantSchema {
  newestVersion: string;
  /** Brings a database to the newest version, and lets the role at what is new. @throws {TenantNotMigrated} */
  migrate(
    admin: AdminConnection,
    roleName: string,
    options: { lockTimeoutSeconds: number },
  ): Promise<{ version: string; applied: string[] }>;
  /** What a database at this version is made of; undefined for a version that is not of this code. */
  expected(version: string): Promise<SchemaObject[] | undefined>;
  /** What a database is made of, and the version its own ledger says. */
  inspect(admin: AdminConnection): Promise<{ version: string | null; objects: SchemaObject[] }>;
}

/** One thing of a schema (a table, a column, an index, …), and how PostgreSQL itself would write it down. */
export interface SchemaObject {
  kind: string;
  /** With its table's, as in `gym.name`. */
  name: string;
  definition: string;
}

/** A tenant's database did not get to the newest version. Nothing of the migration that failed is left in it. */
export class TenantNotMigrated extends Error {
  override name = 'TenantNotMigrated';
  /** What it has now, where it was found out. */
  readonly version: string | null;
  /** Whether trying again may help: it is busy, or away. */
  readonly passes: boolean;

  constructor(
    message: string,
    { version, passes, cause }: { version: string | null; passes: boolean; cause: unknown },
  ) {
    super(message, { cause });
    this.version = version;
    this.passes = passes;
  }
}

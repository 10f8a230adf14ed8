import type { Placement, Plan } from '@kyong/contracts';

/** What a plan buys. Sizes are those of RDS for PostgreSQL; the laptop takes the ones that mean something there. */
export interface PlanSpecification {
  placement: Placement;
  /** Current Graviton classes, orderable in ap-northeast-1 (AWS: supported DB engines for DB instance classes). */
  instanceClass: string;
  /** gp3; RDS takes no less than 20 GiB for PostgreSQL. */
  allocatedStorageGibibytes: number;
  /** How far RDS may grow the storage by itself. */
  maxAllocatedStorageGibibytes: number;
  multiAz: boolean;
  /** Every plan is backed up: 0 would mean no point-in-time restore, and changing it later costs a restart. */
  backupRetentionDays: number;
  deletionProtection: boolean;
  /** Most connections of the tenant's own role. */
  connectionLimit: number;
}

export const plans: Record<Plan, PlanSpecification> = {
  free: {
    placement: 'shared',
    instanceClass: 'db.t4g.micro',
    allocatedStorageGibibytes: 20,
    maxAllocatedStorageGibibytes: 40,
    multiAz: false,
    backupRetentionDays: 7,
    deletionProtection: false,
    connectionLimit: 20,
  },
  basic: {
    placement: 'dedicated',
    instanceClass: 'db.t4g.small',
    allocatedStorageGibibytes: 20,
    maxAllocatedStorageGibibytes: 100,
    multiAz: false,
    backupRetentionDays: 7,
    deletionProtection: false,
    connectionLimit: 50,
  },
  premium: {
    placement: 'dedicated',
    instanceClass: 'db.t4g.medium',
    allocatedStorageGibibytes: 100,
    maxAllocatedStorageGibibytes: 500,
    multiAz: false,
    backupRetentionDays: 14,
    deletionProtection: true,
    connectionLimit: 200,
  },
  enterprise: {
    placement: 'dedicated',
    instanceClass: 'db.r8g.large',
    allocatedStorageGibibytes: 500,
    maxAllocatedStorageGibibytes: 2000,
    multiAz: true,
    backupRetentionDays: 35,
    deletionProtection: true,
    connectionLimit: 1000,
  },
};

/** What differs between stages, as values. */
export interface TenancyPolicy {
  /** The regions tenants can be in; the first is the default. */
  regions: readonly [string, ...string[]];
  /** The plans a signup may choose by itself; operators may choose any. */
  selfServicePlans: readonly Plan[];
  /** How many tenants one person may own; null for no bound. */
  maxTenantsPerOwner: number | null;
  /** How many servers signups may order by themselves within 24 hours, all together; null for no bound. */
  maxSelfServiceServersPerDay: number | null;
  /** Every plan gets a server of its own, whatever the catalog says. */
  dedicatedOnly: boolean;
}

export function placementOf(plan: Plan, policy: TenancyPolicy): Placement {
  return policy.dedicatedOnly ? 'dedicated' : plans[plan].placement;
}

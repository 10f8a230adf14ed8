import type { Placement, Plan, PlanPrice } from '@kyong/contracts';
import { plans } from './plan.ts';

interface Rate {
  usd: number;
  /** Where the figure is from; one without a page of AWS's own is an estimate, and whoever reads a price is told. */
  source: string;
  estimated: boolean;
}

const perHour = (usd: number, source: string): Rate => ({ usd, source, estimated: true });
const regionalDistance = 'us-east-1 and the distance of the class between the regions, about a fifth';

/**
 * What databases cost, those of the platform as well as those of tenants. On-demand prices in ap-northeast-1 (Tokyo), PostgreSQL, Single-AZ, without tax. AWS has the list of the day:
 * https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonRDS/current/ap-northeast-1/index.json
 */
export const prices = {
  asOf: '2026-11-22',
  region: 'ap-northeast-1',
  currency: 'USD',
  instanceHour: {
    'db.t4g.micro': perHour(0.025, 'about 18 USD a month of 730 hours'),
    'db.t4g.small': perHour(0.05, 'twice the size before'),
    'db.t4g.medium': perHour(0.101, 'twice the size before'),
    'db.t4g.large': perHour(0.202, 'twice the size before'),
    'db.m8g.large': perHour(0.216, regionalDistance),
    'db.m8g.xlarge': perHour(0.432, 'twice the size before'),
    'db.r8g.large': perHour(0.289, regionalDistance),
    'db.r8g.xlarge': perHour(0.578, 'twice the size before'),
  },
  gp3GibibyteMonth: { usd: 0.138, source: 'about 2.8 USD a month for 20 GiB', estimated: true },
  /** Beyond what is free: AWS gives as much backup storage as the databases have. */
  backupGibibyteMonth: {
    usd: 0.095,
    source: 'https://aws.amazon.com/rds/postgresql/pricing/',
    estimated: true,
  },
  secretMonth: { usd: 0.4, source: 'https://aws.amazon.com/secrets-manager/pricing/', estimated: false },
} as const satisfies Record<string, unknown>;

export const hoursAMonth = 730;
/** A shared server of this size carries so many tenants; each pays its part of it. */
const sharedServer = { instanceClass: 'db.t4g.medium', storageGibibytes: 200, tenants: 200 } as const;

/**
 * What a tenant of this plan costs AWS's customer a month, as it begins: storage that grows, snapshots kept beyond the free
 * allowance and data transfer come on top. A standby doubles server and storage (Amazon RDS User Guide, "Multi-AZ").
 */
export function monthlyPrice(plan: Plan, placement: Placement = plans[plan].placement): PlanPrice {
  // Two: the services' own, and the master's that RDS keeps for a server.
  return priceOf(plan, placement, placement === 'dedicated' ? 2 : 1);
}

/** What one that waits for a tenant costs: services have no way in yet. */
export function warmPrice(plan: Plan, placement: Placement): PlanPrice {
  return priceOf(plan, placement, placement === 'dedicated' ? 1 : 0);
}

function priceOf(plan: Plan, placement: Placement, secretCount: number): PlanPrice {
  const { instanceClass, allocatedStorageGibibytes, multiAz } = plans[plan];
  const secrets = prices.secretMonth.usd * secretCount;
  const server =
    placement === 'dedicated'
      ? serverPrice(instanceClass, allocatedStorageGibibytes, multiAz ? 2 : 1)
      : serverPrice(sharedServer.instanceClass, sharedServer.storageGibibytes, 1 / sharedServer.tenants);
  const { compute, storage } = server;
  return {
    currency: prices.currency,
    region: prices.region,
    asOf: prices.asOf,
    estimated: true,
    compute: cents(compute),
    storage: cents(storage),
    secrets: cents(secrets),
    total: cents(compute + storage + secrets),
    includedBackupGibibytes: placement === 'dedicated' ? allocatedStorageGibibytes : 0,
  };
}

function serverPrice(instanceClass: string, gibibytes: number, times: number) {
  const rate: Rate | undefined = prices.instanceHour[instanceClass as keyof typeof prices.instanceHour];
  if (!rate) throw new RangeError(`There is no price for ${instanceClass}.`);
  return {
    compute: rate.usd * hoursAMonth * times,
    storage: prices.gp3GibibyteMonth.usd * gibibytes * times,
  };
}

const cents = (usd: number): number => Math.round(usd * 100) / 100;

import { prices as databasePrices, hoursAMonth } from '@kyong/tenancy';

/**
 * What AWS asks a month in ap-northeast-1, in USD, without tax. As of 2026-11, from the services' price pages; those of
 * databases are tenants' as well, and estimates. Prices change, so look again before you rely on a total.
 */
export const pricesAsOf = '2026-11';
const month = (perHour: number) => perHour * hoursAMonth;

export const prices = {
  natGateway: month(0.062),
  publicIpv4Address: month(0.005),
  ec2Instance: { 't4g.nano': month(0.0054), 't4g.micro': month(0.0108) } as Record<string, number>,
  /** Of a root disk of 8 GiB (gp3). */
  rootDisk: 8 * 0.096,
  /** PostgreSQL, one server; a standby doubles it. */
  databaseInstance: Object.fromEntries(
    Object.entries(databasePrices.instanceHour).map(([name, { usd }]) => [name, month(usd)]),
  ) as Record<string, number>,
  databaseGibibyte: databasePrices.gp3GibibyteMonth.usd,
  /** Valkey, one node. */
  cacheNode: {
    'cache.t4g.micro': month(0.02),
    'cache.t4g.small': month(0.04),
    'cache.m7g.large': month(0.166),
  } as Record<string, number>,
  loadBalancer: month(0.0243),
  fargateVcpu: month(0.04045),
  fargateGibibyte: month(0.00442),
  /** What Spot asks of the price, usually. */
  fargateSpotShare: 0.3,
  webAcl: 5,
  webAclRule: 1,
  key: 1,
  secret: databasePrices.secretMonth.usd,
  alarmMetric: 0.1,
  compositeAlarm: 0.5,
  dashboard: 3,
  healthCheck: 1.5,
};

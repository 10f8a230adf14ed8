/**
 * What AWS asks in ap-northeast-1, in USD, without tax. As of 2026-11, from the services' price pages; prices change, so look
 * again before you rely on a total. A month is 730 hours.
 */
export const pricesAsOf = '2026-11';
const hoursPerMonth = 730;
const month = (perHour: number) => perHour * hoursPerMonth;

export const prices = {
  natGateway: month(0.062),
  publicIpv4Address: month(0.005),
  ec2Instance: { 't4g.nano': month(0.0054) } as Record<string, number>,
  /** Of a root disk of 8 GiB (gp3). */
  rootDisk: 8 * 0.096,
  /** PostgreSQL, one server; a standby doubles it. */
  databaseInstance: {
    'db.t4g.micro': month(0.025),
    'db.t4g.small': month(0.05),
    'db.t4g.medium': month(0.101),
    'db.t4g.large': month(0.202),
    'db.m8g.large': month(0.216),
    'db.m8g.xlarge': month(0.432),
    'db.r8g.large': month(0.289),
    'db.r8g.xlarge': month(0.578),
  } as Record<string, number>,
  databaseGibibyte: 0.138,
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
  secret: 0.4,
  alarmMetric: 0.1,
  compositeAlarm: 0.5,
  dashboard: 3,
  healthCheck: 1.5,
};

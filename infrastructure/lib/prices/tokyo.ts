import { prices as databasePrices, hoursAMonth } from '@kyong/tenancy';

/**
 * What AWS asks in ap-northeast-1, in USD, without tax. As of 2026-11, from the services' price pages; those of databases
 * are tenants' as well, and estimates. Prices change, so look again before you rely on a total.
 */
export const pricesAsOf = '2026-11';
const month = (perHour: number) => perHour * hoursAMonth;

/** By the month, for being there. */
export const prices = {
  natGateway: month(0.062),
  publicIpv4Address: month(0.005),
  ec2Instance: { 't4g.nano': month(0.0054), 't4g.micro': month(0.0108) } as Record<string, number>,
  diskGibibyte: 0.096,
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
  /** Of an address of AWS (0.50), by HTTPS (1.00). */
  healthCheck: 1.5,
  hostedZone: 0.5,
};

const million = 1_000_000;

/** By use, for each unit. CloudFront's are those of Japan and Taiwan. */
export const rates = {
  customMetric: 0.3,
  metricLookedAt: 10 / million,
  logsIngestedGibibyte: 0.76,
  logsStoredGibibyte: 0.033,
  trace: 5 / million,
  edgeRequest: 1.2 / million,
  edgeFunctionCall: 0.1 / million,
  edgeGibibyteOut: 0.114,
  firewallRequest: 0.6 / million,
  apiRequest: 4.25 / million,
  functionCall: 0.2 / million,
  /** On ARM64. */
  functionGibibyteSecond: 0.0000133334,
  stateTransition: 25 / million,
  loadBalancerUnitHour: 0.008,
  keyRequest: 3 / million,
  secretRequest: 5 / million,
  queueRequest: 0.4 / million,
  event: 1 / million,
  bucketWrite: 4.7 / million,
  bucketRead: 0.37 / million,
  bucketGibibyte: 0.025,
  imageGibibyte: 0.1,
  backupGibibyte: databasePrices.backupGibibyteMonth.usd,
  nameQuery: 0.4 / million,
  email: 0.1 / 1_000,
  sms: 0.075,
  internetGibibyteOut: 0.114,
  natGatewayGibibyte: 0.062,
  /** Out of one zone and into another: 0.01 each way. */
  zoneGibibyte: 0.02,
};

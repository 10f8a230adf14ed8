import type { Stage } from './stage.ts';

/** A place to try things in, for at most USD 120 a month: nothing is doubled, and nothing is left when it goes. */
export const dev: Stage = {
  name: 'dev',
  region: 'ap-northeast-1',
  availabilityZones: ['ap-northeast-1a', 'ap-northeast-1c', 'ap-northeast-1d'],
  keepsData: false,
  network: { cidr: '10.20.0.0/16', nat: { instanceType: 't4g.nano', imageOf: '2026-11-30' } },
  masterDatabase: {
    instanceType: 't4g.micro',
    multiAz: false,
    storageGibibytes: 20,
    maxStorageGibibytes: 50,
    backupDays: 1,
  },
  sharedDatabase: {
    instanceType: 't4g.micro',
    multiAz: false,
    storageGibibytes: 20,
    maxStorageGibibytes: 100,
    backupDays: 1,
    maxDatabases: 200,
  },
  cache: { nodeType: 'cache.t4g.micro', shards: 1, replicasPerShard: 0, snapshotDays: 0 },
  operators: ['root', 'user/*', 'assumed-role/AWSReservedSSO_AdministratorAccess_*'],
  tenants: {
    policy: {
      regions: ['ap-northeast-1'],
      selfServicePlans: ['free', 'basic'],
      maxTenantsPerOwner: 3,
      // Of about USD 40 a month each.
      maxSelfServiceServersPerDay: 3,
      dedicatedOnly: false,
    },
    lifecycle: {
      secretGraceSeconds: 300,
      secretMaxAgeDays: null,
      offboardGraceSeconds: 86_400,
      keepPreviousSeconds: 7 * 86_400,
      finalSnapshotDays: 7,
    },
    exportDays: 7,
    warmPool: {},
    quotaShare: 0.9,
    driverConcurrency: null,
  },
  api: { requestsPerSecond: 20, burst: 40, reservedConcurrency: null },
  services: {
    onDemandBase: 0,
    weights: { onDemand: 0, spot: 1 },
    socketsOnSpot: true,
    tasks: { min: 1, max: 1 },
    smallestTasks: true,
    shellAccess: true,
  },
  edge: {
    firewall: { managedRules: false, requestsPerFiveMinutesPerIp: 10_000, signInsPerFiveMinutesPerIp: 500 },
    priceClass: 'PRICE_CLASS_200',
  },
  messages: {
    sms: [{ name: 'aws', origination: 'pool/kyo.example' }],
    emailFrom: 'codes@kyo.example',
    captcha: false,
  },
  monitoring: { logDays: 7, containerInsights: false, dashboard: false },
  workload: {
    gyms: 5,
    requestsADay: 3_000,
    operationsAMonth: 100,
    smsAMonth: 20,
    emailsAMonth: 200,
    deploymentsAMonth: 30,
    downloadedGibibytes: 3,
    databaseGibibytes: 1,
  },
  recovery: { dailyDays: 7, weeklyDays: 14, monthlyDays: 31 },
};

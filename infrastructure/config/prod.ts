import type { Stage } from './stage.ts';

/** Where gyms work: a zone may fail, and nothing is lost. */
export const prod: Stage = {
  name: 'prod',
  region: 'ap-northeast-1',
  availabilityZones: ['ap-northeast-1a', 'ap-northeast-1c', 'ap-northeast-1d'],
  keepsData: true,
  network: { cidr: '10.30.0.0/16', nat: 'gateway-per-zone' },
  masterDatabase: {
    instanceType: 't4g.medium',
    multiAz: true,
    storageGibibytes: 50,
    maxStorageGibibytes: 500,
    backupDays: 35,
  },
  sharedDatabase: {
    instanceType: 't4g.medium',
    multiAz: true,
    storageGibibytes: 100,
    maxStorageGibibytes: 1_000,
    backupDays: 35,
    maxDatabases: 1_000,
  },
  cache: { nodeType: 'cache.m7g.large', shards: 3, replicasPerShard: 1, snapshotDays: 7 },
  operators: ['root', 'user/*', 'assumed-role/AWSReservedSSO_AdministratorAccess_*'],
  tenants: {
    policy: {
      regions: ['ap-northeast-1'],
      // A server is paid for from its first hour: an operator gives one, when it is paid for.
      selfServicePlans: ['free'],
      maxTenantsPerOwner: 3,
      maxSelfServiceServersPerDay: 10,
      dedicatedOnly: false,
    },
    lifecycle: {
      secretGraceSeconds: 300,
      secretMaxAgeDays: 90,
      offboardGraceSeconds: 30 * 86_400,
      keepPreviousSeconds: 7 * 86_400,
      finalSnapshotDays: 90,
    },
    exportDays: 90,
    warmPool: {},
    quotaShare: 0.9,
    driverConcurrency: 10,
  },
  api: { requestsPerSecond: 100, burst: 200, reservedConcurrency: 20 },
  services: {
    onDemandBase: 2,
    weights: { onDemand: 1, spot: 4 },
    socketsOnSpot: false,
    tasks: { min: 3, max: 20 },
    smallestTasks: false,
    shellAccess: false,
  },
  edge: {
    firewall: { managedRules: true, requestsPerFiveMinutesPerIp: 10_000, signInsPerFiveMinutesPerIp: 500 },
    priceClass: 'PRICE_CLASS_200',
  },
  messages: {
    sms: [{ name: 'mitake' }, { name: 'aws', origination: 'pool/kyo.example' }],
    emailFrom: 'codes@kyo.example',
    captcha: true,
  },
  // A placeholder: no mail arrives under `.example` (RFC 2606). Put the operator's own here before the first deployment.
  monitoring: { alertEmail: 'operator@kyo.example', logDays: 90, containerInsights: true, dashboard: true },
  workload: {
    gyms: 1_000,
    requestsADay: 1_000_000,
    operationsAMonth: 2_000,
    smsAMonth: 20_000,
    emailsAMonth: 50_000,
    deploymentsAMonth: 20,
    downloadedGibibytes: 300,
    databaseGibibytes: 50,
  },
  recovery: { region: 'ap-southeast-1', dailyDays: 35, weeklyDays: 84, monthlyDays: 1_825 },
};

import type { Lifecycle, TenancyPolicy, WarmPoolSizes } from '@kyong/tenancy';
import type { InstanceType } from '../lib/constructs/instance-memory.ts';
import type { NatInstanceSettings } from '../lib/constructs/nat-instance.ts';
import type { Workload } from '../lib/prices/workload.ts';

/** Everything in which stages differ. There is no `if (stage)` anywhere: what a stage is, it is by these values. */
export interface Stage {
  /** In the names of stacks, tags and tenants' servers: a letter, then lower-case letters and digits, at most 15. */
  name: 'dev' | 'prod';
  region: string;
  /** Named, so that synthesis asks no account. Which ones an account has: `aws ec2 describe-availability-zones`. */
  availabilityZones: [string, string, string];
  /** Data outlives its stack: kept on deletion, and deletion refused. Without it a destroyed stage leaves nothing. */
  keepsData: boolean;
  network: {
    cidr: string;
    /** The way out: one small instance (about USD 9 a month), one gateway (49), or a gateway in each zone (147). */
    nat: NatInstanceSettings | 'gateway' | 'gateway-per-zone';
  };
  masterDatabase: DatabaseSize;
  /** The server of the tenants that share one. */
  sharedDatabase: DatabaseSize & { maxDatabases: number };
  cache: {
    nodeType: string;
    shards: number;
    replicasPerShard: number;
    /** Days that snapshots are kept; 0 for none: nothing lives in the cache alone for long. */
    snapshotDays: number;
  };
  /**
   * The identities of the account that are the platform's operators, besides the role of CI; `*` at the end stands for all that
   * begin so. A role of ours is none: what runs under it may be somebody else's one day.
   */
  operators: readonly ('root' | `user/${string}` | `assumed-role/${string}`)[];
  tenants: {
    policy: TenancyPolicy;
    lifecycle: Lifecycle;
    /** Days that the export of a tenant that leaves is kept; it outlives the time in which the tenant may come back. */
    exportDays: number;
    /** How many databases are kept ready for the next tenants, by plan; `kyo pool` shows what they cost. */
    warmPool: WarmPoolSizes;
    /** No tenant gets a server that would use more than this share of the account's quota. */
    quotaShare: number;
    /** Operations that advance at one time, by instances kept for them; null as below: then the account's own limit holds. */
    driverConcurrency: number | null;
  };
  api: {
    requestsPerSecond: number;
    burst: number;
    /** Instances of the API's function kept for it alone; null where the account has too few (new ones have 10). */
    reservedConcurrency: number | null;
  };
  services: {
    /** Tasks that are always On-Demand, of each service that takes Spot at all; the rest goes by the weights. */
    onDemandBase: number;
    weights: { onDemand: number; spot: number };
    /** Sockets on Spot as well: whoever holds one connects again at two minutes' notice. */
    socketsOnSpot: boolean;
    tasks: { min: number; max: number };
    /** Every task of the smallest size, whatever its service would have. */
    smallestTasks: boolean;
    /** A shell in a running task; it needs a container that can be written to. */
    shellAccess: boolean;
  };
  edge: {
    /** CloudFront's own name, without one. The certificate is made in us-east-1 and validated by the zone. */
    domain?: { name: string; hostedZoneId: string; hostedZoneName: string };
    /**
     * The firewall costs USD 7 a month, 11 with AWS's managed rules, and stands before everything; another one, before the API, lets CloudFront in alone, for
     * USD 6. An address may be a whole office's, or one of few of a mobile network: what one request costs the services bound
     * by themselves, and here only a machine that floods is stopped.
     */
    firewall: {
      /** AWS's managed rules: USD 4 a month. */
      managedRules: boolean;
      /** 10,000 are 33 a second: fifty people at work in the dashboard make a fifth of that. */
      requestsPerFiveMinutesPerIp: number;
      /** Above what the OTP service lets a network do itself: 20 codes and 60 attempts a minute. */
      signInsPerFiveMinutesPerIp: number;
    };
    /** `PRICE_CLASS_100` has no edge in Taiwan or Japan. */
    priceClass: 'PRICE_CLASS_200' | 'PRICE_CLASS_ALL';
  };
  /** How codes reach people. A value that ends in `.example` stands for one that the owner of the account fills in. */
  messages: {
    /** The preferred provider, and the one for when it fails. */
    sms: readonly [SmsProvider] | readonly [SmsProvider, SmsProvider];
    /** Sender of e-mail, by Amazon SES: an address of the stage's domain where it has one. */
    emailFrom: string;
    /** An SMS asks for proof of a person, by Cloudflare Turnstile: without it programs may ask for codes. */
    captcha: boolean;
  };
  monitoring: {
    /** Whom alarms reach. Without it they are in the console alone: a rule refuses that where data is kept. */
    alertEmail?: string;
    logDays: number;
    /** Metrics of each task and service (Container Insights): for looking, no alarm needs them. About USD 0.30 each. */
    containerInsights: boolean;
    /** One page of graphs, USD 3 a month; alarms need none. */
    dashboard: boolean;
  };
  /** What use is assumed where `kyo cost` prices use. */
  workload: Workload;
  recovery: {
    /** Where copies of the backups go. */
    region?: string;
    dailyDays: number;
    weeklyDays: number;
    monthlyDays: number;
  };
  /** Without it nothing is shipped by GitHub Actions. */
  github?: {
    /**
     * What tokens are accepted from, for deployments: the whole `sub` claim, wildcards allowed. Repositories created since
     * summer 2026 have ids in it: print one in a workflow and copy it. Such as `repo:studio/kyo:environment:dev`.
     */
    deploySubject: string;
    /** The same, for what may read templates to show a pull request's difference: `repo:studio/kyo:pull_request`. */
    pullRequestSubject: string;
    /** An account has one provider for GitHub; name it where there is one already. */
    providerArn?: string;
  };
}

export type SmsProvider =
  /** AWS End User Messaging. `origination`: the end of the sender's ARN, which its console shows. */
  | {
      name: 'aws';
      origination: `pool/${string}` | `phone-number/${string}` | `sender-id/${string}/${string}`;
    }
  /** 三竹簡訊, for Taiwan. Its account is a secret that an operator fills in. */
  | { name: 'mitake' };

export interface DatabaseSize {
  /** Such as `t4g.micro`. */
  instanceType: InstanceType;
  multiAz: boolean;
  storageGibibytes: number;
  maxStorageGibibytes: number;
  backupDays: number;
}

import type { DatabaseSize } from '../../config/index.ts';
import type { Point } from './metric-math.ts';
import type { Series } from './read-alarms.ts';

export interface Life {
  /** Has to ring, at the end at the latest: what happens, and what the metric says meanwhile, oldest first. */
  rings: Record<string, Values>;
  /** Must not ring at any moment: what is normal. The quiet night is the one of a stage that nobody uses. */
  silent: { 'a quiet night': Values; [what: string]: Values };
  /** What it means that there is no data at all. */
  noData: 'ALARM' | 'OK';
}
/** Of one metric, or of several by name; the state before the first value was the first value. */
export type Values = Point[] | Series | ((context: Context) => Point[]);
/** Of the database server that the alarm is about. */
export interface Context {
  size: DatabaseSize;
  /** All that may be open on it: what is more is refused. */
  mostConnections: number;
}

/** No data. */
const none: Point = undefined;
const gone = Array<Point>(10).fill(none);
const gibibyte = 2 ** 30;
const connections =
  (share: number) =>
  ({ mostConnections }: Context): Point[] =>
    Array<Point>(4).fill(share * mostConnections);
const freeShares =
  (...shares: number[]) =>
  ({ size }: Context): Point[] =>
    shares.map((share) => share * size.storageGibibytes * gibibyte);

/** What each alarm is for, in numbers. An alarm that is not here fails the test. */
export const lives: Record<string, Life> = {
  'AWS/ApplicationELB HealthyHostCount': {
    rings: { 'no task is ready': [2, 1, 0, 0, 0], 'no task is registered': [2, ...gone] },
    silent: {
      'a quiet night': [1, 1, 1],
      'a deployment': [2, 3, 4, 3, 2],
      'the only Spot task is replaced within two minutes': [1, 0, 0, 1, 1],
      'a minute is not reported': [2, none, 2, none, none, 2],
    },
    noData: 'ALARM',
  },
  'AWS/ApplicationELB UnHealthyHostCount': {
    rings: { 'a task never becomes ready': [0, 1, 1, 1, 1, 1] },
    silent: { 'a quiet night': [0, 0, 0], 'a task is replaced': [0, 1, 1, 1, 0, 0] },
    noData: 'OK',
  },
  'AWS/ApplicationELB HTTPCode_Target_5XX_Count / RequestCount': {
    rings: {
      'one answer in ten is an error': {
        HTTPCode_Target_5XX_Count: [none, 30, 30],
        RequestCount: [300, 300, 300],
      },
    },
    silent: {
      'a quiet night': { HTTPCode_Target_5XX_Count: [none, none], RequestCount: [30, 30] },
      'nobody asks': { HTTPCode_Target_5XX_Count: gone, RequestCount: gone },
      'one error at night': { HTTPCode_Target_5XX_Count: [none, 1, none], RequestCount: [30, 30, 30] },
      'two hiccups, a quarter of an hour apart': {
        HTTPCode_Target_5XX_Count: [none, 40, none, none, 40, none],
        RequestCount: [60, 60, 60, 60, 60, 60],
      },
    },
    noData: 'OK',
  },
  'AWS/ApplicationELB TargetResponseTime': {
    rings: { 'the database is slow': [0.1, 1.6, 2.1] },
    silent: { 'a quiet night': [0.02, 0.02], 'a deployment: tasks warm up': [0.1, 1.3, 0.1] },
    noData: 'OK',
  },
  'Kyo FanOutMillisecondsP99': {
    rings: { 'the cache stalls': [40, 1_500, 2_200, 1_800] },
    silent: {
      'a quiet night': [0, 0, 0],
      'clients poll, held 25 s each': [35, 41, 38, 44],
      'a room is opened': [40, 1_400, 1_200, 50],
    },
    noData: 'OK',
  },
  'AWS/ECS CPUUtilization': {
    rings: { 'scaling is at its maximum': [70, 92, 95] },
    silent: { 'a quiet night': [2, 2], 'a burst, until there are more tasks': [50, 97, 62] },
    noData: 'OK',
  },
  'AWS/ECS MemoryUtilization': {
    rings: { 'a leak': [60, 78, 82, 85] },
    silent: { 'a quiet night': [31, 31], 'an export': [55, 83, 58] },
    noData: 'OK',
  },
  'AWS/ApplicationELB HTTPCode_ELB_5XX_Count': {
    rings: { 'no task answers, and the check from outside alone asks': [none, 30] },
    silent: { 'a quiet night': [none, none], 'Spot takes a task that has requests': [none, 12, none] },
    noData: 'OK',
  },
  'Kyo Alarms kyo-otp-service': {
    rings: { 'it wrote one': [0, 1] },
    silent: { 'a quiet night': [0, 0] },
    noData: 'OK',
  },
  'AWS/ApiGateway 5XXError / Count': {
    rings: { 'the function is throttled': { '5XXError': [0, 20, 20], Count: [40, 40, 40] } },
    silent: {
      'a quiet night': { '5XXError': gone, Count: gone },
      'one error of a hundred': { '5XXError': [0, 1, 1], Count: [100, 100, 100] },
      'one request at night, which fails': {
        '5XXError': [none, 1, none, none],
        Count: [none, 1, none, none],
      },
    },
    noData: 'OK',
  },
  'AWS/ApiGateway Latency': {
    rings: { 'the master database is slow': [300, 4_000, 5_000, 6_000] },
    silent: { 'a quiet night': [none, none], 'single cold starts': [none, 2_700, none, 2_600, none] },
    noData: 'OK',
  },
  'Kyo ActiveTenants': {
    rings: { 'every sweep fails': [1, ...gone], 'it is not called any more': [1, none, ...gone] },
    silent: {
      'a quiet night': [1, 1, 1, 1, 1],
      'a sweep comes late': [1, none, 2, 1, none, 2],
      'a deployment: two minutes without': [1, 1, none, none, 1],
    },
    noData: 'ALARM',
  },
  'Kyo BusiestServer': {
    rings: { 'a gym outgrows its plan': [40, 95, 97], 'metrics cannot be read': [12, ...gone] },
    silent: {
      'a quiet night': [0, 0, 0],
      'one gym exports': [20, 96, 30],
      'a look is missed': [8, none, 9],
    },
    noData: 'ALARM',
  },
  'AWS/Lambda Errors': {
    rings: { 'the master database refuses it': [0, 3, 3, 3] },
    silent: { 'a quiet night': [none, none], 'a step ran out of time, once': [0, 1, 0, 0] },
    noData: 'OK',
  },
  'AWS/Lambda Throttles': {
    rings: { 'a new account has 10 for all': [0, 40, 60, 50] },
    silent: { 'a quiet night': [none, none], 'many operations begin at once': [0, 30, 0, 0] },
    noData: 'OK',
  },
  'AWS/SQS ApproximateNumberOfMessagesVisible': {
    rings: { 'a sweep threw': [0, 1] },
    silent: { 'a quiet night': [0, 0], 'the queue sleeps after six hours': gone },
    noData: 'OK',
  },
  'AWS/RDS DatabaseConnections': {
    rings: { 'each program has all it may have': connections(1), 'pools leak': connections(0.85) },
    silent: { 'a quiet night': [8, 8, 8], 'twice the tasks, in a deployment': connections(0.75) },
    noData: 'OK',
  },
  'AWS/RDS CPUUtilization': {
    rings: { 'a query without an index': [30, 92, 95, 97], 'it is stopped': [5, ...gone] },
    silent: { 'a quiet night': [4, 4], 'the nightly backup': [4, 88, 85, 6], 'a failover': [5, none, 60, 7] },
    noData: 'ALARM',
  },
  'AWS/RDS FreeStorageSpace': {
    rings: { 'it is at its maximum, and full soon': freeShares(0.12, 0.08, 0.04) },
    silent: {
      'a quiet night': freeShares(0.8, 0.8),
      'autoscaling adds a tenth, again and again': freeShares(0.12, 0.1, 0.09, 0.2, 0.1, 0.21),
      'it has grown to five times its size': freeShares(0.52, 0.5, 0.49, 1),
    },
    noData: 'OK',
  },
  'AWS/ElastiCache EngineCPUUtilization': {
    rings: { 'its thread is busy': [40, 93, 96], 'the node is away': [2, ...gone] },
    silent: { 'a quiet night': [1, 1], 'a snapshot': [5, 90, 6], 'a failover': [5, none, 9] },
    noData: 'ALARM',
  },
  'AWS/ElastiCache DatabaseMemoryUsagePercentage': {
    rings: { 'documents are not compacted': [70, 86, 88] },
    silent: { 'a quiet night': [6, 6], 'a large room is opened and closed': [40, 87, 42] },
    noData: 'OK',
  },
  'AWS/EC2 StatusCheckFailed': {
    rings: { 'its host fails': [0, 1, 1, 1], 'it was terminated': [0, ...gone] },
    silent: { 'a quiet night': [0, 0], 'a reboot': [0, 1, 1, 0, 0] },
    noData: 'ALARM',
  },
  'AWS/NATGateway ErrorPortAllocation': {
    rings: { 'more than 55,000 connections to one address': [0, 12] },
    silent: { 'a quiet night': [0, 0] },
    noData: 'OK',
  },
  'AWS/NATGateway PacketsDropCount / PacketsInFromSource': {
    rings: {
      'it drops one in a thousand': {
        PacketsDropCount: [0, 100, 100, 100],
        PacketsInFromSource: [100_000, 100_000, 100_000, 100_000],
      },
    },
    silent: {
      'a quiet night': { PacketsDropCount: [0, 0], PacketsInFromSource: [900, 900] },
      'AWS moves it': {
        PacketsDropCount: [0, 500, 0, 0],
        PacketsInFromSource: [100_000, 100_000, 100_000, 100_000],
      },
      'a few of very many': { PacketsDropCount: [3, 3, 3], PacketsInFromSource: [100_000, 100_000, 100_000] },
    },
    noData: 'OK',
  },
  'AWS/Route53 HealthCheckStatus': {
    rings: { 'the edge answers nothing': [1, 0, 0], 'the check was deleted': [1, ...gone] },
    silent: { 'a quiet night': [1, 1], 'a hiccup': [1, 0, 1, 1] },
    noData: 'ALARM',
  },
};

import type { Point } from './metric-math.ts';
import type { Series } from './read-alarms.ts';

export interface Outage {
  /** What differs from a quiet night, by subject; or of one alarm alone, by `name: subject`. */
  says: Record<string, Point[] | Series>;
  /** Exactly these send a mail; what is only in prod or only in dev is left out where it is not. */
  mails: string[];
}

const gone = Array<Point>(10).fill(undefined);
const steady = (value: number) => Array<Point>(10).fill(value);

/** Hours into each: what is known of it is all that is left. */
export const outages: Record<string, Outage> = {
  'a quiet night': { says: {}, mails: [] },
  'a total outage: no task is left': {
    says: {
      'AWS/ApplicationELB HealthyHostCount': gone,
      'AWS/ApplicationELB UnHealthyHostCount': gone,
      'AWS/ApplicationELB HTTPCode_Target_5XX_Count / RequestCount': {
        HTTPCode_Target_5XX_Count: gone,
        RequestCount: gone,
      },
      'AWS/ApplicationELB TargetResponseTime': gone,
      'AWS/ApplicationELB HTTPCode_ELB_5XX_Count': steady(30),
      'AWS/ECS CPUUtilization': gone,
      'AWS/ECS MemoryUtilization': gone,
      'Kyo FanOutMillisecondsP99': gone,
      'AWS/Route53 HealthCheckStatus': steady(0),
    },
    mails: ['outside', 'load-balancer-errors', 'kyo-otp-service-down', 'collaboration-service-down'],
  },
  'the master database is away: tasks run, and none is ready': {
    says: {
      'AWS/ApplicationELB HealthyHostCount': steady(0),
      'AWS/ApplicationELB UnHealthyHostCount': steady(2),
      // The load balancer sends to all when none is ready, and they answer 503.
      'AWS/ApplicationELB HTTPCode_Target_5XX_Count / RequestCount': {
        HTTPCode_Target_5XX_Count: steady(140),
        RequestCount: steady(150),
      },
      'masterdatabasecpu: AWS/RDS CPUUtilization': gone,
      'masterdatabaseconnections: AWS/RDS DatabaseConnections': gone,
      'masterdatabasestorage: AWS/RDS FreeStorageSpace': gone,
      'Kyo ActiveTenants': gone,
      'Kyo BusiestServer': gone,
      'AWS/SQS ApproximateNumberOfMessagesVisible': steady(15),
      'AWS/Route53 HealthCheckStatus': steady(0),
    },
    mails: [
      'outside',
      'kyo-otp-service-down',
      'collaboration-service-down',
      'master-database-cpu',
      'sweep-failed',
      'tenant-database-cpu',
      'dead-letters',
    ],
  },
  'one service has errors, and is busy': {
    says: {
      'collaborationservicecpu: AWS/ECS CPUUtilization': steady(95),
      'collaborationservicememory: AWS/ECS MemoryUtilization': steady(91),
      'collaborationserviceerrors: AWS/ApplicationELB HTTPCode_Target_5XX_Count / RequestCount': {
        HTTPCode_Target_5XX_Count: steady(60),
        RequestCount: steady(300),
      },
      'Kyo FanOutMillisecondsP99': steady(4_000),
    },
    mails: ['collaboration-service-degraded'],
  },
  'nothing leaves the VPC': {
    says: {
      'AWS/EC2 StatusCheckFailed': steady(1),
      'AWS/NATGateway ErrorPortAllocation': steady(900),
      // It finds neither secrets nor its bus, which are outside.
      'Kyo ActiveTenants': gone,
      'Kyo BusiestServer': gone,
      'AWS/SQS ApproximateNumberOfMessagesVisible': steady(15),
    },
    mails: [
      'nat-instance',
      'nat-ports-1',
      'nat-ports-2',
      'nat-ports-3',
      'sweep-failed',
      'tenant-database-cpu',
      'dead-letters',
    ],
  },
};

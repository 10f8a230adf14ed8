import type * as iam from 'aws-cdk-lib/aws-iam';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { z } from 'zod';
import type { Stage } from '../../config/index.ts';
import type { Runbook } from '../constructs/alarms.ts';
import { ports } from '../constructs/firewall.ts';
import { namespaceOf } from '../constructs/names.ts';
import type { CacheStack } from '../stacks/cache.ts';
import type { DataStack } from '../stacks/data.ts';
import type { MessagesStack } from '../stacks/messages.ts';

export type ServiceName = 'kyo-otp-service' | 'collaboration-service';

/**
 * Where one service calls another one: by its name inside the VPC, past the load balancer, and never by the public address.
 * The variable that holds it is all that a new call takes.
 */
export function urlOf(service: ServiceName, stage: Stage, path = '/'): string {
  return `http://${service}.${namespaceOf(stage)}:${ports.service}${path}`;
}

/** A value, or a secret that ECS puts in when the container starts. */
export type Variable = string | ISecret;

/** What the environment of a service is made from. */
export interface ServiceContext {
  stage: Stage;
  data: DataStack;
  cache: CacheStack;
  messages: MessagesStack;
}

export interface ServiceDefinition {
  /** Its name in the VPC (`urlOf`), folder in `apps/`, name of the container and of its image. */
  name: ServiceName;
  /** What the load balancer sends to it, and before whom: a lower priority is asked first. */
  paths: readonly [string, ...string[]];
  priority: number;
  cpuUnits: 256 | 512 | 1024 | 2048;
  memoryMebibytes: number;
  /** Longest that its shutdown takes; ECS allows 120. */
  stopTimeoutSeconds: number;
  /** Holds sockets: On-Demand alone unless the stage says otherwise, sticky, drained slowly, and scaled by the sockets of a task. */
  sockets?: {
    perTask: number;
    /** What its tasks write to their log (CloudWatch's embedded metric format): how many sockets, and an edit's milliseconds. */
    metrics: { connected: string; editLatency: string; dimensions: Record<string, string> };
  };
  /** What it means when its log has an error with a field `alarm`; without it nobody is told. */
  alarm?: { problem: string; runbook: Runbook };
  /** Requests a minute and task that it is scaled to. */
  requestsPerMinuteAndTask?: number;
  environment: (context: ServiceContext) => Record<string, Variable | undefined>;
  /** What its role may do beyond reading its own secrets. */
  grant?: (role: iam.IGrantable, context: ServiceContext) => void;
}

/** What a service's configuration schema asks for; what it cannot do without has to be there, or this does not compile. */
export type ServiceVariables<S extends z.ZodType> = { [Name in keyof z.input<S>]: Variable };

/** CloudFront and the load balancer may be believed about the caller's address. */
export const trustedProxies = 2;

/** What is answered for is on as many replicas as there are, one at most: a failover then loses none of it. */
export function confirmingReplicas({ cache }: Stage): string {
  return String(Math.min(1, cache.replicasPerShard));
}

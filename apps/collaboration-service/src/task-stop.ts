import { setTimeout as pause } from 'node:timers/promises';
import { DescribeTasksCommand, type ECSClient } from '@aws-sdk/client-ecs';
import { z } from 'zod';

/** What a container is told of its task (Amazon ECS Developer Guide, "Task metadata endpoint version 4"). */
const metadata = z.object({ Cluster: z.string(), TaskARN: z.string(), DesiredStatus: z.string() });
/** For both answers together. */
const timeoutMilliseconds = 2_000;

export interface TaskStopOptions {
  /** `ECS_CONTAINER_METADATA_URI_V4`, which ECS sets in every container. */
  metadataUri: string;
  ecs: Pick<ECSClient, 'send'>;
  /** How often it is asked. */
  intervalSeconds: number;
  /** Ends the asking. */
  signal: AbortSignal;
  /** Called once for as long as it does not answer. */
  onError: (error: unknown) => void;
}

/**
 * Answers true when ECS wants this task to stop, false when `signal` came first.
 *
 * When a service is deployed or scaled in, ECS first takes the task's target from the load balancer and waits until that has
 * drained (DEACTIVATING), and only then sends SIGTERM ("Amazon ECS task lifecycle"): by then the load balancer has cut every
 * socket. ECS knows from the start (`desiredStatus` of DescribeTasks). The container's own endpoint names the task; whether
 * it says STOPPED while the target drains, or only with the signal, AWS does not promise (aws/containers-roadmap#2012), so
 * both are asked. When a host is lost, SIGTERM comes first.
 */
export async function whenTaskStops(options: TaskStopOptions): Promise<boolean> {
  const { signal, intervalSeconds, onError } = options;
  let isSilent = false;
  while (!signal.aborted) {
    try {
      if (await isStopping(options)) return true;
      isSilent = false;
    } catch (error) {
      if (!isSilent) onError(error);
      isSilent = true;
    }
    await pause(intervalSeconds * 1000, undefined, { ref: false, signal }).catch(() => {});
  }
  return false;
}

async function isStopping({ metadataUri, ecs }: TaskStopOptions): Promise<boolean> {
  const abortSignal = AbortSignal.timeout(timeoutMilliseconds);
  const response = await fetch(`${metadataUri}/task`, { signal: abortSignal });
  const { Cluster, TaskARN, DesiredStatus } = metadata.parse(await response.json());
  if (DesiredStatus === 'STOPPED') return true;
  const describe = new DescribeTasksCommand({ cluster: Cluster, tasks: [TaskARN] });
  const { tasks = [] } = await ecs.send(describe, { abortSignal });
  return tasks[0]?.desiredStatus === 'STOPPED';
}

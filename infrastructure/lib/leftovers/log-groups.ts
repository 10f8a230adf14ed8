import {
  type CloudWatchLogsClient,
  DeleteLogGroupCommand,
  paginateDescribeLogGroups,
} from '@aws-sdk/client-cloudwatch-logs';
import type { Stage } from '../../config/index.ts';

/**
 * Log groups that no stack has: services make them by themselves, or make them again when a last line comes after the stack
 * is gone. They bear the name of what writes, which begins with the stack's; those of API Gateway its API's id.
 */
export async function deleteLogGroups(
  { name }: Stage,
  apis: readonly string[],
  logs: CloudWatchLogsClient,
): Promise<string[]> {
  const patterns = [`kyo-${name}-`, ...apis.map((id) => `API-Gateway-Execution-Logs_${id}`)];
  const deleted: string[] = [];
  for (const logGroupNamePattern of patterns) {
    const names: string[] = [];
    for await (const { logGroups = [] } of paginateDescribeLogGroups(
      { client: logs },
      { logGroupNamePattern },
    ))
      for (const { logGroupName } of logGroups) if (logGroupName) names.push(logGroupName);
    for (const logGroupName of names) await logs.send(new DeleteLogGroupCommand({ logGroupName }));
    deleted.push(...names.map((each) => `log group ${each}`));
  }
  return deleted;
}

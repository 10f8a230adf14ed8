import {
  type CloudFormationClient,
  DescribeStackEventsCommand,
  type StackEvent,
} from '@aws-sdk/client-cloudformation';

export interface Failure {
  stack: string;
  resource: string;
  /** As AWS says it. */
  reason: string;
  remedy: string | undefined;
}

/** What is known to happen, and what helped. */
const remedies: [pattern: RegExp, remedy: string][] = [
  [
    /unable to assume the service linked role/i,
    'IAM had not told everybody about a role that was just made: deploy again.',
  ],
  [
    /Access to KMS is not allowed/i,
    'The role named in the reason may read the secret and not use its key: grant kms:Decrypt (readSecret in lib/constructs/secret-access.ts).',
  ],
  [
    /UnreservedConcurrentExecution/i,
    "The account has too few executions at once: ask for more (Service Quotas, Lambda, L-B99A9384), or set the stage's api.reservedConcurrency to null.",
  ],
  [
    /availability zone.*(vpc origin|not supported)|vpc origin.*availability zone/i,
    "CloudFront takes no origin from one of the stage's zones: npm run kyo -- doctor --preflight --stage … names others.",
  ],
  [
    /circuit breaker/i,
    'Tasks did not become healthy. Why the last one stopped: aws ecs list-tasks --cluster … --desired-status STOPPED, then ' +
      'aws ecs describe-tasks (stoppedReason), and the log group of the service.',
  ],
  [
    /did not stabilize|did not signal|timed? ?out|exceeded attempts to wait/i,
    'It took too long. Look at its own log or events, then deploy again.',
  ],
  [
    /limit ?exceeded|quota|maximum number of/i,
    'A quota of the account is used up: ask for more in Service Quotas, then deploy again.',
  ],
  [
    /already exists/i,
    'Something of this name is left from before, or made by hand: delete or rename it, then deploy again.',
  ],
  [
    /is not authorized to perform|AccessDenied/i,
    'The role in the reason lacks the right; where it is the role of a person, deploy as an administrator.',
  ],
];

/** Of others that failed, which are cancelled or taken back. */
const consequence = /cancelled|canceled|rollback requested|The following resource\(s\) failed/i;

/** Why a stack's last deployment failed: the resources that did by themselves. None when it did not. */
export async function failuresOf(StackName: string, client: CloudFormationClient): Promise<Failure[]> {
  const failures: Failure[] = [];
  for (const { LogicalResourceId = '', ResourceType, ResourceStatusReason: reason = '' } of await lastFailed(
    StackName,
    client,
  )) {
    if (consequence.test(reason)) continue;
    const remedy = remedies.find(([pattern]) => pattern.test(reason))?.[1];
    failures.push({ stack: StackName, resource: `${LogicalResourceId} (${ResourceType})`, reason, remedy });
  }
  return failures;
}

/** Newest first, up to the event with which the last deployment began. */
async function lastFailed(StackName: string, client: CloudFormationClient): Promise<StackEvent[]> {
  const failed: StackEvent[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client
      .send(new DescribeStackEventsCommand({ StackName, NextToken }))
      .catch((error: Error) => {
        // Stopped before it was reached.
        if (error.name === 'ValidationError') return { StackEvents: [], NextToken: undefined };
        throw error;
      });
    for (const event of page.StackEvents ?? []) {
      const { ResourceStatus = '', PhysicalResourceId, StackId } = event;
      if (PhysicalResourceId !== StackId && ResourceStatus.endsWith('_FAILED')) failed.push(event);
      if (
        PhysicalResourceId === StackId &&
        /^(CREATE|UPDATE|DELETE)_(IN_PROGRESS|COMPLETE)$/.test(ResourceStatus)
      )
        return failed.reverse();
    }
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return failed.reverse();
}

export function describeFailure({ stack, resource, reason, remedy }: Failure): string {
  return `${stack}: ${resource}: ${reason}${remedy === undefined ? '' : `\n  → ${remedy}`}`;
}

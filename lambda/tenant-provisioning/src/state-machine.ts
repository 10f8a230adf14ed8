import { ExecutionAlreadyExists, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';

/** What one execution drives: an operation on a tenant, a migration, an inspection, a pass over the warm pool or old snapshots. */
export type Work =
  | { operationId: string }
  | { migrationId: string }
  | { inspectionId: string }
  | { pool: 'warm' }
  | { snapshots: 'final' };

/** Starts the state machine that drives it; under a name that was used already, nothing happens. */
export type StartDriver = (work: Work, executionName?: string) => Promise<void>;

export function idOf(work: Work): string {
  if ('pool' in work) return 'warm-pool';
  if ('inspectionId' in work) return work.inspectionId;
  if ('snapshots' in work) return 'final-snapshots';
  return 'operationId' in work ? work.operationId : work.migrationId;
}

/** API Gateway waits 29 s: an API that cannot start the driver answers anyway, and the sweep starts it. */
export const answersInTime = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000 },
};

/**
 * AWS Step Functions (Standard): the name of an execution makes starting it idempotent, while it runs and for 90 days
 * after its end (StartExecution, AWS Step Functions API reference).
 */
export function stateMachine(arn: string, client = new SFNClient(answersInTime)): StartDriver {
  return async (work, executionName = idOf(work)) => {
    try {
      await client.send(
        new StartExecutionCommand({
          stateMachineArn: arn,
          name: executionName,
          input: JSON.stringify(work),
        }),
      );
    } catch (error) {
      if (!(error instanceof ExecutionAlreadyExists)) throw error;
    }
  };
}

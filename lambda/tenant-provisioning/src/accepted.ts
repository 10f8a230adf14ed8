import type { OperationAccepted } from '@kyong/contracts';
import { type Logger, Problem } from '@kyong/service-kit';
import type { OperationRequestOutcome } from '@kyong/tenancy';
import type { APIGatewayProxyResult } from 'aws-lambda';
import { json } from './http.ts';

export interface OperationStarter {
  /** Has the operation advanced: a state machine on AWS, a loop on the laptop. A sweep catches what this loses. */
  startOperation: (operationId: string) => Promise<void>;
  logger: Logger;
}

/** Most changes take seconds; those that take minutes say so where they are watched. */
const runningSeconds = 5;
const statusUrlOf = (operationId: string) => `/operations/${operationId}`;

/** Seconds until the first look at a new operation is worth it. */
const firstLookSeconds = 1;

/** Hands a recorded operation to its driver, and tells the caller where to watch it, and what `more` there is to it. */
export async function accepted(
  { tenantId, operationId, status }: Omit<OperationAccepted, 'statusUrl'>,
  deps: OperationStarter,
  more: object = {},
): Promise<APIGatewayProxyResult> {
  // The operation is recorded: from here on it happens, whether or not its driver could be reached just now.
  await deps.startOperation(operationId).catch((error: unknown) => {
    deps.logger.warn({ err: error, operationId }, 'the operation waits for the sweep');
  });
  const statusUrl = statusUrlOf(operationId);
  const body: OperationAccepted = { tenantId, operationId, status, statusUrl, ...more };
  return json(202, body, { location: statusUrl, 'retry-after': String(firstLookSeconds) });
}

/** What became of an operator's wish to change a tenant that exists. */
export async function answerTo(
  result: OperationRequestOutcome,
  tenantId: string,
  deps: OperationStarter,
  more?: object,
): Promise<APIGatewayProxyResult> {
  switch (result.outcome) {
    case 'unknown':
      throw new Problem('not_found');
    case 'running':
      throw new Problem('operation_running', {
        detail: `Its ${result.kind} is under way.`,
        operation: { operationId: result.operationId, statusUrl: statusUrlOf(result.operationId) },
        retryAfterSeconds: runningSeconds,
      });
    case 'conflict':
      throw new Problem('tenant_status_conflict', { detail: `The tenant is ${result.status}.` });
    case 'migrating':
      throw new Problem('tenant_status_conflict', {
        detail: 'Its schema is being migrated. Try again in a few seconds.',
        retryAfterSeconds: runningSeconds,
      });
    case 'accepted':
      return accepted({ tenantId, ...result }, deps, more);
  }
}

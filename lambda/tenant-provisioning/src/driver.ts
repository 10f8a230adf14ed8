import type { Pool } from '@kyong/postgres';
import type { Logger } from '@kyong/service-kit';
import { advance, defaultRetry, type EventPublisher, type Ports, relayEvents } from '@kyong/tenancy';
import { createEventOutbox } from '@kyong/tenancy/adapters/master-database';
import type { Context } from 'aws-lambda';
import { runSteps, type Turn } from './run-steps.ts';

const leaseSeconds = 60;
/** For how long a call begins steps, one after the other; what is left of its time is the last one's. */
const beginsStepsSeconds = 60;

/** What a step has at least before Lambda ends the function. Copying or exporting a large database takes longest. */
export const longestStepSecondsOf = ({ KYO_FUNCTION_SECONDS }: { KYO_FUNCTION_SECONDS: number }) =>
  KYO_FUNCTION_SECONDS - beginsStepsSeconds;

export interface DriverDependencies {
  ports: Ports;
  /** Of the master database. */
  pool: Pool;
  publisher: EventPublisher;
  logger: Logger;
}

/** Advances an operation for as long as this call of the function lasts; what it announced leaves the outbox at its end. */
export function createDriver({ ports, pool, publisher, logger }: DriverDependencies) {
  const outbox = createEventOutbox(pool);
  return async (
    operationId: string,
    owner: string,
    context: Pick<Context, 'getRemainingTimeInMillis'>,
  ): Promise<Turn> => {
    const turn = await runSteps(
      () =>
        advance(operationId, ports, {
          owner,
          leaseSeconds,
          retry: defaultRetry,
          onStepError: (err, step) => logger.warn({ err, ...step }, 'a step failed'),
        }),
      () => context.getRemainingTimeInMillis() > (ports.longestStepSeconds ?? 0) * 1000,
    );
    if (turn.status === 'done') {
      // The operation is over whether or not this works: the sweep relays what is left.
      await relayEvents(outbox, publisher, ports.random, (err, { eventId }) =>
        logger.warn({ err, eventId }, 'an event was not taken over'),
      ).catch((err: unknown) => logger.warn({ err }, 'the outbox waits for the sweep'));
    }
    return turn;
  };
}

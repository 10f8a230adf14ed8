import type { TenantEvent } from '@kyong/contracts';
import { backoffSeconds } from './advance.ts';

/** Takes an event over for good when it resolves. The same event may come again: receivers tell by its `eventId`. */
export interface EventPublisher {
  publish(event: TenantEvent): Promise<void>;
}

export interface EventOutbox {
  /** The oldest events that are due; nobody else gets them for `leaseSeconds`. */
  takeDue(limit: number, leaseSeconds: number): Promise<{ event: TenantEvent; attempts: number }[]>;
  markPublished(eventId: string): Promise<void>;
  postpone(eventId: string, afterSeconds: number): Promise<void>;
}

const batch = 20;
/** Longer than a batch takes when every receiver is as slow as it may be. */
const leaseSeconds = 300;
const retry = { baseSeconds: 5, maxSeconds: 3_600 };

/**
 * Publishes what is due, oldest first; answers with how many went out. An event leaves the outbox only when it was taken
 * over: at least once, and never lost.
 */
export async function relayEvents(
  outbox: EventOutbox,
  publisher: EventPublisher,
  random: () => number,
  onError: (error: unknown, event: TenantEvent) => void,
): Promise<number> {
  let published = 0;
  for (const { event, attempts } of await outbox.takeDue(batch, leaseSeconds)) {
    try {
      await publisher.publish(event);
      await outbox.markPublished(event.eventId);
      published += 1;
    } catch (error) {
      onError(error, event);
      await outbox.postpone(event.eventId, backoffSeconds(attempts, retry, random));
    }
  }
  return published;
}

import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { EventPublisher } from '../relay-events.ts';

/** What rules match our events by. */
export const eventSource = 'kyo.tenancy';

/**
 * Puts events on a bus of Amazon EventBridge: `detail-type` is the event's type, `detail` the event. The bus may deliver one
 * twice, too; receivers tell by its `eventId`.
 */
export function eventBridge({
  busName,
  client = new EventBridgeClient({ maxAttempts: 5 }),
}: {
  /** Name or ARN. */
  busName: string;
  client?: EventBridgeClient;
}): EventPublisher {
  return {
    async publish(event) {
      const { Entries = [] } = await client.send(
        new PutEventsCommand({
          Entries: [
            {
              EventBusName: busName,
              Source: eventSource,
              DetailType: event.type,
              Detail: JSON.stringify(event),
              Time: new Date(event.occurredAt),
              Resources: [event.tenantId],
            },
          ],
        }),
      );
      // The call itself succeeds when single events are refused (PutEvents, Amazon EventBridge API reference).
      const [entry] = Entries;
      if (!entry?.EventId) {
        throw new Error(`EventBridge refused the event: ${entry?.ErrorCode ?? 'no answer about it'}.`);
      }
    },
  };
}

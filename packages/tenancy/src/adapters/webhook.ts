import { signedHeaders } from '@kyong/webhooks';
import type { EventPublisher } from '../relay-events.ts';

const timeoutMilliseconds = 10_000;

/** Posts events to a server of the user's own, signed as Standard Webhooks 1.0 says. Any 2xx takes the event over. */
export function webhook({
  url,
  secret,
  now,
}: {
  url: string;
  secret: string;
  now: () => Date;
}): EventPublisher {
  return {
    async publish(event) {
      const payload = JSON.stringify({ type: event.type, timestamp: event.occurredAt, data: event });
      const response = await fetch(url, {
        method: 'POST',
        headers: signedHeaders(secret, { id: event.eventId, sentAt: now(), payload }),
        body: payload,
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMilliseconds),
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`The webhook answered ${response.status}.`);
    },
  };
}

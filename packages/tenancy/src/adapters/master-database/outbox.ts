import type { TenantEvent } from '@kyong/contracts';
import type { Pool } from '@kyong/postgres';
import type { EventOutbox } from '../../relay-events.ts';

/** The events that wait in the master database to be published. */
export function createEventOutbox(pool: Pool): EventOutbox {
  return {
    async takeDue(limit, leaseSeconds) {
      const { rows } = await pool.query<{ payload: TenantEvent; attempts: number }>(
        `WITH due AS (
           SELECT id FROM outbox
            WHERE published_at IS NULL AND next_attempt_at <= now()
            ORDER BY created_at
            LIMIT $1
              FOR UPDATE SKIP LOCKED
         ), taken AS (
           UPDATE outbox
              SET attempts = attempts + 1, next_attempt_at = now() + make_interval(secs => $2)
             FROM due WHERE outbox.id = due.id
           RETURNING payload, attempts, created_at
         )
         SELECT payload, attempts FROM taken ORDER BY created_at`,
        [limit, leaseSeconds],
      );
      return rows.map(({ payload, attempts }) => ({ event: payload, attempts }));
    },

    async markPublished(eventId) {
      await pool.query('UPDATE outbox SET published_at = now() WHERE id = $1', [eventId]);
    },

    async postpone(eventId, afterSeconds) {
      await pool.query(
        'UPDATE outbox SET next_attempt_at = now() + make_interval(secs => $2) WHERE id = $1',
        [eventId, afterSeconds],
      );
    },
  };
}

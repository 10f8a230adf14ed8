import { randomUUID } from 'node:crypto';
import type { Pool } from '@kyong/postgres';
import type { TenancyStore } from '../../ports.ts';

/** Rows of one statement: what it locks, it locks for milliseconds. */
const batch = 1_000;
/** Batches of one call, which comes again within a minute. */
const maxBatches = 20;

/**
 * What is not kept, and since when. Each statement finds its rows by an index. Sessions outlive their end by a day, so that a token
 * which comes too late is told from one that never was.
 */
const statements = {
  sessions: `DELETE FROM sessions WHERE id IN (
    (SELECT id FROM sessions WHERE expires_at < now() - interval '1 day' LIMIT ${batch / 2})
    UNION ALL
    (SELECT id FROM sessions WHERE revoked_at < now() - interval '1 day' LIMIT ${batch / 2}))`,
  ended_access: `DELETE FROM ended_access WHERE id IN (
    SELECT id FROM ended_access WHERE ended_at < now() - interval '1 day' LIMIT ${batch})`,
  idempotency_keys: `DELETE FROM idempotency_keys WHERE (caller, key) IN (
    SELECT caller, key FROM idempotency_keys WHERE created_at < now() - interval '7 days' LIMIT ${batch})`,
  /** Of people who were invited and never came. */
  memberships: `DELETE FROM memberships WHERE (user_id, tenant_id) IN (
    SELECT user_id, tenant_id FROM memberships
     WHERE accepted_at IS NULL AND created_at < now() - interval '90 days' LIMIT ${batch})`,
};

/**
 * People, with their addresses, who belong to no gym and have not signed in for 31 days: sessions are kept for so long. Looked for
 * among those that come after a place in the table ($1), another one each time: within days everybody has been looked at.
 */
const people = `DELETE FROM users WHERE id IN (
  SELECT id FROM (SELECT id, created_at, platform_admin FROM users WHERE id >= $1 ORDER BY id LIMIT ${batch}) AS looked
   WHERE created_at < now() - interval '31 days' AND NOT platform_admin
     AND NOT EXISTS (SELECT FROM sessions WHERE user_id = looked.id)
     AND NOT EXISTS (SELECT FROM memberships WHERE user_id = looked.id)
     AND NOT EXISTS (SELECT FROM tenants WHERE owner_id = looked.id::text AND status <> 'offboarded'))`;

export function retention(pool: Pool): Pick<TenancyStore, 'forgetWhatIsOver'> {
  return {
    async forgetWhatIsOver(from = randomUUID()) {
      const forgotten: Record<string, number> = {};
      const note = (what: string, count: number | null) => {
        if (count) forgotten[what] = (forgotten[what] ?? 0) + count;
      };
      for (const [table, statement] of Object.entries(statements)) {
        for (let n = 0; n < maxBatches; n += 1) {
          const { rowCount } = await pool.query(statement);
          note(table, rowCount);
          if ((rowCount ?? 0) < batch / 2) break;
        }
      }
      note('users', (await pool.query(people, [from])).rowCount);
      return forgotten;
    },
  };
}

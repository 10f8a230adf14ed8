import type { Pool } from '@kyong/postgres';
import { LeaseLost } from '../../operation.ts';
import type { Claim } from '../../ports.ts';

/** The operation of a claim that still holds it; locked, so that nobody else takes it before the statement ends. */
const held =
  "SELECT id, tenant_id FROM operations WHERE id = $1 AND epoch = $2 AND status = 'running' FOR UPDATE";

/**
 * Runs one statement of an operation: common table expressions that take their operation from `held`, and so do nothing
 * unless the claim holds. `$1` and `$2` are the claim's. @throws {LeaseLost}
 */
export function heldWriter(pool: Pool) {
  return async (claim: Claim, statement: string, values: unknown[] = []): Promise<void> => {
    const { rows } = await pool.query<{ held: number }>(
      `WITH held AS (${held}), ${statement} SELECT count(*)::int AS held FROM held`,
      [claim.operation.id, claim.epoch, ...values],
    );
    if (rows[0]?.held !== 1) throw new LeaseLost(`Operation ${claim.operation.id} has another driver.`);
  };
}

import type { Pool } from '@kyong/postgres';
import { LeaseLost } from '../../operation.ts';
import type { Claim } from '../../ports.ts';

/** Runs a statement (CTEs that may use `held`; `$1` and `$2` are the claim's) if the claim still holds. @throws {LeaseLost} */
export type HeldWrite = (claim: Claim, statement: string, values?: unknown[]) => Promise<void>;

/** One statement each, which does nothing unless the claim still holds its operation: a driver thought dead writes nothing. */
const held =
  "SELECT id, tenant_id FROM operations WHERE id = $1 AND epoch = $2 AND status = 'running' FOR UPDATE";

export function heldWrite(pool: Pool): HeldWrite {
  return async (claim, statement, values = []) => {
    const { rows } = await pool.query<{ held: number }>(
      `WITH held AS (${held}), ${statement} SELECT count(*)::int AS held FROM held`,
      [claim.operation.id, claim.epoch, ...values],
    );
    if (rows[0]?.held !== 1) throw new LeaseLost(`Operation ${claim.operation.id} has another driver.`);
  };
}

import type { Pool } from '@kyong/postgres';
import type { LastEdits } from '../../departure.ts';
import { saveEditsStep } from '../../operations/save-edits.ts';

/**
 * Services hear of a closed tenant at once, and end its connections within a second; what they were writing then is in the
 * log after this.
 */
const settleSeconds = 5;

export function createLastEdits(pool: Pool): LastEdits {
  return {
    async findAwaited() {
      const { rows } = await pool.query<{ operationId: string; tenantId: string }>(
        `SELECT o.id AS "operationId", o.tenant_id AS "tenantId"
           FROM operations o JOIN operation_steps s ON s.operation_id = o.id
          WHERE o.kind = 'offboard' AND o.status = 'running' AND NOT o.undoing AND o.edits_saved_at IS NULL
            AND s.name = $1 AND s.started_at <= now() - make_interval(secs => $2)`,
        [saveEditsStep, settleSeconds],
      );
      return rows;
    },

    async recordSaved(operationId) {
      await pool.query('UPDATE operations SET edits_saved_at = now() WHERE id = $1', [operationId]);
    },
  };
}

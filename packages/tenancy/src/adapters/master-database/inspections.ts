import type { Pool } from '@kyong/postgres';
import type { Inspection, InspectionStore } from '../../inspections/inspection.ts';

/** No driver looks for longer: a call of a function on AWS has 15 minutes. */
const cutOffMinutes = 15;
const keepDays = 7;

export function createInspections(pool: Pool): InspectionStore {
  return {
    async addInspection({ id, kind, after, actor, sourceIp }) {
      await pool.query('DELETE FROM inspections WHERE created_at < now() - make_interval(days => $1)', [
        keepDays,
      ]);
      await pool.query(
        'INSERT INTO inspections (id, kind, after_tenant, actor, source_ip) VALUES ($1, $2, $3, $4, $5)',
        [id, kind, after, actor, sourceIp],
      );
    },

    async findInspection(inspectionId) {
      const { rows } = await pool.query<InspectionRow & { cut_off: boolean }>(
        `SELECT *, status = 'running' AND created_at < now() - make_interval(mins => $2) AS cut_off
           FROM inspections WHERE id = $1`,
        [inspectionId, cutOffMinutes],
      );
      const row = rows[0];
      if (!row) return undefined;
      const found = toInspection(row);
      return row.cut_off ? { ...found, status: 'failed', error: 'It was cut off. Ask again.' } : found;
    },

    async finishInspection(inspectionId, outcome) {
      const result = 'result' in outcome ? JSON.stringify(outcome.result) : null;
      const error = 'error' in outcome ? outcome.error : null;
      await pool.query(
        `WITH finished AS (
           UPDATE inspections SET status = CASE WHEN $3::text IS NULL THEN 'succeeded' ELSE 'failed' END,
                                  result = $2, error = $3, finished_at = now()
            WHERE id = $1 AND status = 'running'
           RETURNING *
         )
         INSERT INTO audit (actor, source_ip, action, tenant_id, detail)
         SELECT f.actor, f.source_ip, 'remove-orphan', removed ->> 'tenantId', removed - 'tenantId'
           FROM finished f, jsonb_array_elements(f.result -> 'removed') AS removed`,
        [inspectionId, result, error],
      );
    },
  };
}

interface InspectionRow {
  id: string;
  kind: Inspection['kind'];
  after_tenant: string | null;
  status: Inspection['status'];
  result: unknown;
  error: string | null;
  created_at: Date;
  finished_at: Date | null;
}

function toInspection(row: InspectionRow): Inspection {
  return {
    id: row.id,
    kind: row.kind,
    after: row.after_tenant ?? undefined,
    status: row.status,
    result: row.result,
    error: row.error,
    createdAt: row.created_at,
    finishedAt: row.finished_at,
  };
}

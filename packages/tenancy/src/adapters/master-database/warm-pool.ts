import type { Placement, Plan } from '@kyong/contracts';
import { type Pool, transaction } from '@kyong/postgres';
import type { WarmDatabase, WarmPoolStore } from '../../warm-pool/warm-database.ts';

interface Row {
  id: string;
  plan: Plan;
  placement: Placement;
  instance_id: string;
  variant: string;
  status: WarmDatabase['status'];
  created_at: Date;
}

export function warmPool(pool: Pool): WarmPoolStore {
  return {
    whileFillingPool: (task) =>
      transaction(pool, async (client) => {
        const { rows } = await client.query<{ mine: boolean }>(
          "SELECT pg_try_advisory_xact_lock(hashtextextended('kyo:warm-pool', 0)) AS mine",
        );
        if (!rows[0]?.mine) return false;
        await task();
        return true;
      }),

    async findWarmDatabases() {
      const { rows } = await pool.query<Row>(
        "SELECT * FROM warm_databases ORDER BY status = 'ready' DESC, created_at, id",
      );
      return rows.map(toWarmDatabase);
    },

    async addWarmDatabase({ id, plan, placement, instanceId, variant }) {
      const { rows } = await pool.query<Row>(
        `INSERT INTO warm_databases (id, plan, placement, instance_id, variant) VALUES ($1, $2, $3, $4, $5)
         RETURNING *`,
        [id, plan, placement, instanceId, variant],
      );
      return rows.map(toWarmDatabase)[0] as WarmDatabase;
    },

    async setWarmStatus(id, status) {
      const { rowCount } = await pool.query('UPDATE warm_databases SET status = $2 WHERE id = $1', [
        id,
        status,
      ]);
      return rowCount === 1;
    },

    async forgetWarmDatabase(id) {
      await pool.query('DELETE FROM warm_databases WHERE id = $1', [id]);
    },
  };
}

/** The oldest that is ready, of a placement and a variant: nobody else's from now on. A CTE named `warm`. */
export const takeWarm = (placement: string, variant: string) => `
  candidate AS MATERIALIZED (
    SELECT w.id FROM warm_databases w, held
     WHERE w.status = 'ready' AND w.placement = ${placement} AND w.variant = ${variant}
     ORDER BY w.created_at LIMIT 1 FOR UPDATE OF w SKIP LOCKED
  ),
  warm AS (
    DELETE FROM warm_databases w USING candidate WHERE w.id = candidate.id RETURNING w.id, w.instance_id
  )`;

const toWarmDatabase = (row: Row): WarmDatabase => ({
  id: row.id,
  plan: row.plan,
  placement: row.placement,
  instanceId: row.instance_id,
  variant: row.variant,
  status: row.status,
  createdAt: row.created_at,
});

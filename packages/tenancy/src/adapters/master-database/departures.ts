import type { DeletionProof } from '@kyong/contracts';
import type { Pool } from '@kyong/postgres';
import type { Departure } from '../../departure.ts';
import type { TenancyStore } from '../../ports.ts';
import type { Resource } from '../../resource.ts';
import { heldWrite } from './held.ts';

type Departures = Pick<
  TenancyStore,
  | 'areEditsSaved'
  | 'findDeparture'
  | 'findArchives'
  | 'recordArchive'
  | 'scheduleErasure'
  | 'cancelDeparture'
  | 'recordInventory'
  | 'forgetTenant'
  | 'closeBooks'
>;

interface DepartureRow {
  archive_ref: string;
  archive_rows: string;
  archive_bytes: string;
  archive_sha256: string;
  exported_at: Date;
  erase_after: Date | null;
  inventory: Resource[] | null;
  forgotten_rows: Record<string, number>;
  proof: DeletionProof | null;
}

/** Tenants that leave. */
export function departures(pool: Pool): Departures {
  const write = heldWrite(pool);
  return {
    async areEditsSaved({ operation }) {
      const { rows } = await pool.query<{ saved: boolean }>(
        'SELECT edits_saved_at IS NOT NULL AS saved FROM operations WHERE id = $1',
        [operation.id],
      );
      return rows[0]?.saved ?? false;
    },

    async findDeparture(tenantId) {
      const { rows } = await pool.query<DepartureRow>('SELECT * FROM departures WHERE tenant_id = $1', [
        tenantId,
      ]);
      return rows[0] && toDeparture(rows[0]);
    },

    async findArchives() {
      const { rows } = await pool.query<{ ref: string }>('SELECT archive_ref AS ref FROM departures');
      return rows.map(({ ref }) => ref);
    },

    recordArchive: (claim, { ref, rows, bytes, sha256, exportedAt }) =>
      write(
        claim,
        `departure AS (
           INSERT INTO departures (tenant_id, archive_ref, archive_rows, archive_bytes, archive_sha256, exported_at)
           SELECT tenant_id, $3, $4, $5, $6, $7 FROM held
           ON CONFLICT (tenant_id) DO UPDATE SET
             archive_ref = excluded.archive_ref, archive_rows = excluded.archive_rows,
             archive_bytes = excluded.archive_bytes, archive_sha256 = excluded.archive_sha256,
             exported_at = excluded.exported_at, erase_after = NULL
         )`,
        [ref, rows, bytes, sha256, exportedAt],
      ),

    scheduleErasure: (claim, eraseAfter) =>
      write(
        claim,
        `departure AS (
           UPDATE departures d SET erase_after = $3 FROM held WHERE d.tenant_id = held.tenant_id
         )`,
        [eraseAfter],
      ),

    cancelDeparture: (claim) =>
      write(claim, 'departure AS (DELETE FROM departures d USING held WHERE d.tenant_id = held.tenant_id)'),

    recordInventory: (claim, resources) =>
      write(
        claim,
        `departure AS (
           UPDATE departures d SET inventory = $3 FROM held WHERE d.tenant_id = held.tenant_id AND d.inventory IS NULL
         )`,
        [JSON.stringify(resources)],
      ),

    // A second run adds nothing: what it would count is gone.
    forgetTenant: (claim) =>
      write(
        claim,
        `${forgotten.map((table) => `${table} AS (DELETE FROM ${table} t USING held WHERE t.tenant_id = held.tenant_id RETURNING 1)`).join(', ')},
         settings AS (
           UPDATE tenants t SET settings = '{}', updated_at = now() FROM held WHERE t.id = held.tenant_id
         ),
         counted AS (
           UPDATE departures d
              SET forgotten_rows = (
                    SELECT jsonb_object_agg(name, coalesce((d.forgotten_rows ->> name)::int, 0) + deleted)
                      FROM (VALUES ${forgotten.map((table) => `('${table}', (SELECT count(*)::int FROM ${table}))`).join(', ')})
                        AS c (name, deleted))
             FROM held WHERE d.tenant_id = held.tenant_id
         )`,
      ),

    closeBooks: (claim, proof) =>
      write(
        claim,
        `departure AS (
           UPDATE departures d SET proof = $3 FROM held WHERE d.tenant_id = held.tenant_id
         ),
         tenant AS (
           UPDATE tenants t
              SET instance_id = NULL, database_name = NULL, database_role = NULL, secret_ref = NULL,
                  previous_role = NULL, previous_secret_ref = NULL, database_host = NULL, database_port = NULL,
                  engine_version = NULL, updated_at = now()
             FROM held WHERE t.id = held.tenant_id
         )`,
        [JSON.stringify(proof)],
      ),
  };
}

/**
 * Tables whose rows of a tenant go with it. Others keep them as its history: what was done to it, by whom, and what the
 * world was told (`operations`, `audit`, `outbox`, `tenant_schema_versions`, `departures`, and `ended_access` for a day).
 */
export const forgotten = ['memberships', 'sessions', 'second_databases'];

function toDeparture(row: DepartureRow): Departure {
  return {
    archive: {
      ref: row.archive_ref,
      rows: Number(row.archive_rows),
      bytes: Number(row.archive_bytes),
      sha256: row.archive_sha256,
      exportedAt: row.exported_at,
    },
    eraseAfter: row.erase_after,
    inventory: row.inventory,
    forgottenRows: row.forgotten_rows,
    proof: row.proof,
  };
}

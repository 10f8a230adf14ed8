import type { TenantPools } from '@kyong/postgres';
import type { SnapshotStore } from '../../ports.ts';

/** A Yjs update of nothing: of a document that was claimed and never written. */
const empty = Buffer.of(0, 0);

/** The document is not there: never created, or of another tenant. */
export class DocumentMissing extends Error {
  override name = 'DocumentMissing';
}

export function tenantSnapshots(pools: Pick<TenantPools, 'use'>): SnapshotStore {
  return {
    read: ({ tenantId, documentId }) =>
      pools.use(tenantId, async (pool) => {
        const { rows } = await pool.query<{ state: Buffer | null; seq: string }>(
          `SELECT state, seq FROM documents LEFT JOIN document_snapshots USING (document_id) WHERE document_id = $1`,
          [documentId],
        );
        const [row] = rows;
        if (!row) throw new DocumentMissing(`There is no document ${documentId} in ${tenantId}.`);
        return row.state ? { state: row.state, seq: Number(row.seq) } : undefined;
      }),

    claim: ({ tenantId, documentId }, seconds) =>
      pools.use(tenantId, async (pool) => {
        const { rows } = await pool.query<{ lease_fence: string }>(
          `INSERT INTO document_snapshots AS snapshot (document_id, state, seq, lease_fence, leased_until)
           SELECT document_id, $2, 0, 1, clock_timestamp() + make_interval(secs => $3)
           FROM documents WHERE document_id = $1
           ON CONFLICT (document_id) DO UPDATE
             SET lease_fence = snapshot.lease_fence + 1, leased_until = excluded.leased_until
             WHERE snapshot.leased_until < clock_timestamp()
           RETURNING lease_fence`,
          [documentId, empty, seconds],
        );
        return rows[0] && Number(rows[0].lease_fence);
      }),

    write: ({ tenantId, documentId }, { state, seq }, fence) =>
      pools.use(tenantId, async (pool) => {
        const { rowCount } = await pool.query(
          `WITH written AS (
             UPDATE document_snapshots SET state = $2, seq = $3
             WHERE document_id = $1 AND lease_fence = $4 AND seq <= $3 RETURNING document_id)
           UPDATE documents SET updated_at = clock_timestamp() FROM written
           WHERE documents.document_id = written.document_id`,
          [documentId, state, seq, fence],
        );
        return rowCount === 1;
      }),

    release: ({ tenantId, documentId }, fence) =>
      pools.use(tenantId, async (pool) => {
        await pool.query(
          `UPDATE document_snapshots SET leased_until = '-infinity' WHERE document_id = $1 AND lease_fence = $2`,
          [documentId, fence],
        );
      }),
  };
}

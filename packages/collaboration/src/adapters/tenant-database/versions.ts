import type { ChangeCount, DocumentVersion } from '@kyong/contracts';
import { type Pool, type PoolClient, transaction } from '@kyong/postgres';
import { QuotaReached } from '../../quotas.ts';

interface Row {
  version_id: string;
  name: string | null;
  seq: string;
  created_by: string | null;
  created_at: Date;
  summary: Record<string, ChangeCount>;
}

const columns = 'version_id, name, seq, created_by, created_at, summary';

export interface NewVersion {
  name: string | null;
  state: Uint8Array;
  seq: number;
  createdBy: string | null;
  summary: Record<string, ChangeCount>;
}

/**
 * Keeps a version. Of those without a name the newest `limit` stay.
 * @throws {QuotaReached} for one with a name, when there are `limit` of them.
 */
export function addVersion(
  pool: Pool,
  documentId: string,
  { name, state, seq, createdBy, summary, limit }: NewVersion & { limit: number },
): Promise<DocumentVersion> {
  return transaction(pool, async (client) => {
    // One after another: two that count at once would both find room.
    await client.query('SELECT FROM documents WHERE document_id = $1 FOR NO KEY UPDATE', [documentId]);
    if (name !== null) await ensureRoomForName(client, documentId, limit);
    const { rows } = await client.query<Row>(
      `INSERT INTO document_versions (document_id, name, state, seq, created_by, summary)
       VALUES ($1, $2, $3, $4, $5, $6) RETURNING ${columns}`,
      [documentId, name, state, seq, createdBy, summary],
    );
    await client.query(
      `DELETE FROM document_versions WHERE version_id IN (
         SELECT version_id FROM document_versions WHERE document_id = $1 AND name IS NULL
         ORDER BY created_at DESC, version_id DESC OFFSET $2)`,
      [documentId, limit],
    );
    return versionOf(rows[0] as Row);
  });
}

/** @throws {QuotaReached} when a document has `limit` versions with a name. */
export async function ensureRoomForName(
  client: Pick<PoolClient, 'query'>,
  documentId: string,
  limit: number,
): Promise<void> {
  const { rows } = await client.query<{ isFull: boolean }>(
    'SELECT count(*) >= $2 AS "isFull" FROM document_versions WHERE document_id = $1 AND name IS NOT NULL',
    [documentId, limit],
  );
  if (rows[0]?.isFull) throw new QuotaReached('Named versions of a document', String(limit));
}

/** Newest first. */
export async function listVersions(
  pool: Pool,
  documentId: string,
  { after, limit }: { after: { createdAt: string; versionId: string } | undefined; limit: number },
): Promise<DocumentVersion[]> {
  const { rows } = await pool.query<Row>(
    `SELECT ${columns} FROM document_versions
     WHERE document_id = $1 AND ($2::timestamptz IS NULL OR (created_at, version_id) < ($2, $3::uuid))
     ORDER BY created_at DESC, version_id DESC LIMIT $4`,
    [documentId, after?.createdAt ?? null, after?.versionId ?? null, limit],
  );
  return rows.map(versionOf);
}

/** The newest version, without its content. */
export async function findLastVersion(
  pool: Pool,
  documentId: string,
): Promise<{ seq: number; createdAt: Date } | undefined> {
  const { rows } = await pool.query<{ seq: string; created_at: Date }>(
    `SELECT seq, created_at FROM document_versions WHERE document_id = $1
     ORDER BY created_at DESC, version_id DESC LIMIT 1`,
    [documentId],
  );
  const [row] = rows;
  return row && { seq: Number(row.seq), createdAt: row.created_at };
}

/** A version with its content; the newest unless one is named. */
export async function readVersion(
  pool: Pool,
  documentId: string,
  versionId?: string,
): Promise<{ state: Uint8Array } | undefined> {
  const { rows } = await pool.query<{ state: Buffer }>(
    `SELECT state FROM document_versions
     WHERE document_id = $1 AND ($2::uuid IS NULL OR version_id = $2)
     ORDER BY created_at DESC, version_id DESC LIMIT 1`,
    [documentId, versionId ?? null],
  );
  return rows[0];
}

function versionOf(row: Row): DocumentVersion {
  return {
    versionId: row.version_id,
    name: row.name,
    seq: Number(row.seq),
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    summary: row.summary,
  };
}

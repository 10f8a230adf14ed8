import type { CreateDocumentRequest, DocumentKind, DocumentMember, DocumentRole } from '@kyong/contracts';
import { type Pool, transaction } from '@kyong/postgres';
import type { StoredDocument } from '../../ports.ts';
import { QuotaReached } from '../../quotas.ts';

interface Row {
  document_id: string;
  kind: DocumentKind;
  title: string;
  created_by: string;
  created_at: Date;
  updated_at: Date;
  given: DocumentRole | null;
}

/** Documents, with what user $1 was given. */
const select = `
  SELECT d.document_id, kind, title, created_by, created_at, updated_at, r.role AS given
  FROM documents d LEFT JOIN document_roles r ON r.document_id = d.document_id AND r.user_id = $1`;

/**
 * The one who creates a document owns it.
 * @throws {QuotaReached} when there are `limit` of them.
 */
export function createDocument(
  pool: Pool,
  {
    documentId,
    kind,
    title,
    userId,
    limit,
  }: CreateDocumentRequest & { documentId: string; userId: string; limit: number },
): Promise<StoredDocument> {
  return transaction(pool, async (client) => {
    // One after another: two that count at once would both find room.
    await client.query("SELECT pg_advisory_xact_lock(hashtext('documents'))");
    const counted = await client.query<{ isFull: boolean }>(
      'SELECT count(*) >= $1 AS "isFull" FROM documents',
      [limit],
    );
    if (counted.rows[0]?.isFull) throw new QuotaReached('Documents', String(limit));
    await client.query(
      'INSERT INTO documents (document_id, kind, title, created_by) VALUES ($1, $2, $3, $4)',
      [documentId, kind, title, userId],
    );
    await client.query("INSERT INTO document_roles (document_id, user_id, role) VALUES ($1, $2, 'owner')", [
      documentId,
      userId,
    ]);
    const { rows } = await client.query<Row>(`${select} WHERE d.document_id = $2`, [userId, documentId]);
    return documentOf(rows[0] as Row);
  });
}

export async function findDocument(
  pool: Pool,
  documentId: string,
  userId: string,
): Promise<StoredDocument | undefined> {
  const { rows } = await pool.query<Row>(`${select} WHERE d.document_id = $2`, [userId, documentId]);
  return rows[0] && documentOf(rows[0]);
}

export async function findKind(pool: Pool, documentId: string): Promise<DocumentKind | undefined> {
  const { rows } = await pool.query<{ kind: DocumentKind }>(
    'SELECT kind FROM documents WHERE document_id = $1',
    [documentId],
  );
  return rows[0]?.kind;
}

/** Newest first; without `all`, those that the user was given a role in. */
export async function listDocuments(
  pool: Pool,
  filter: {
    userId: string;
    all: boolean;
    kind: DocumentKind | undefined;
    after: { createdAt: string; documentId: string } | undefined;
    limit: number;
  },
): Promise<StoredDocument[]> {
  const { userId, all, kind, after, limit } = filter;
  const { rows } = await pool.query<Row>(
    `${select}
     WHERE ($2 OR r.role IS NOT NULL) AND ($3::text IS NULL OR kind = $3)
       AND ($4::timestamptz IS NULL OR (created_at, d.document_id) < ($4, $5::uuid))
     ORDER BY created_at DESC, d.document_id DESC LIMIT $6`,
    [userId, all, kind ?? null, after?.createdAt ?? null, after?.documentId ?? null, limit],
  );
  return rows.map(documentOf);
}

export async function listRoles(pool: Pool, documentId: string): Promise<DocumentMember[]> {
  const { rows } = await pool.query<DocumentMember>(
    'SELECT user_id AS "userId", role FROM document_roles WHERE document_id = $1 ORDER BY role, user_id',
    [documentId],
  );
  return rows;
}

export async function giveRole(
  pool: Pool,
  documentId: string,
  { userId, role }: DocumentMember,
): Promise<void> {
  await pool.query(
    `INSERT INTO document_roles (document_id, user_id, role) VALUES ($1, $2, $3)
     ON CONFLICT (document_id, user_id) DO UPDATE SET role = excluded.role`,
    [documentId, userId, role],
  );
}

/** @returns false when there was none. */
export async function takeRole(pool: Pool, documentId: string, userId: string): Promise<boolean> {
  const { rowCount } = await pool.query(
    'DELETE FROM document_roles WHERE document_id = $1 AND user_id = $2',
    [documentId, userId],
  );
  return rowCount === 1;
}

function documentOf(row: Row): StoredDocument {
  return {
    documentId: row.document_id,
    kind: row.kind,
    title: row.title,
    createdBy: row.created_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    given: row.given,
  };
}

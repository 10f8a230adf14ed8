import type { DocumentComment } from '@kyong/contracts';
import type { Pool } from '@kyong/postgres';

interface Row {
  comment_id: string;
  author: string;
  comment_text: string;
  anchor: Buffer | null;
  resolved: boolean;
  created_at: Date;
  updated_at: Date;
}

const columns = 'comment_id, author, comment_text, anchor, resolved, created_at, updated_at';

export async function addComment(
  pool: Pool,
  documentId: string,
  { author, text, anchor }: { author: string; text: string; anchor: Uint8Array | null },
): Promise<DocumentComment> {
  const { rows } = await pool.query<Row>(
    `INSERT INTO document_comments (document_id, author, comment_text, anchor)
     VALUES ($1, $2, $3, $4) RETURNING ${columns}`,
    [documentId, author, text, anchor],
  );
  return commentOf(rows[0] as Row);
}

/** Oldest first. */
export async function listComments(
  pool: Pool,
  documentId: string,
  { after, limit }: { after: { createdAt: string; commentId: string } | undefined; limit: number },
): Promise<DocumentComment[]> {
  const { rows } = await pool.query<Row>(
    `SELECT ${columns} FROM document_comments
     WHERE document_id = $1 AND ($2::timestamptz IS NULL OR (created_at, comment_id) > ($2, $3::uuid))
     ORDER BY created_at, comment_id LIMIT $4`,
    [documentId, after?.createdAt ?? null, after?.commentId ?? null, limit],
  );
  return rows.map(commentOf);
}

export async function findComment(
  pool: Pool,
  documentId: string,
  commentId: string,
): Promise<DocumentComment | undefined> {
  const { rows } = await pool.query<Row>(
    `SELECT ${columns} FROM document_comments WHERE document_id = $1 AND comment_id = $2`,
    [documentId, commentId],
  );
  return rows[0] && commentOf(rows[0]);
}

export async function changeComment(
  pool: Pool,
  commentId: string,
  { text, resolved }: { text?: string | undefined; resolved?: boolean | undefined },
): Promise<DocumentComment | undefined> {
  const { rows } = await pool.query<Row>(
    `UPDATE document_comments SET updated_at = clock_timestamp(),
       comment_text = coalesce($2, comment_text), resolved = coalesce($3, resolved)
     WHERE comment_id = $1 RETURNING ${columns}`,
    [commentId, text ?? null, resolved ?? null],
  );
  return rows[0] && commentOf(rows[0]);
}

export async function deleteComment(pool: Pool, commentId: string): Promise<void> {
  await pool.query('DELETE FROM document_comments WHERE comment_id = $1', [commentId]);
}

function commentOf(row: Row): DocumentComment {
  return {
    commentId: row.comment_id,
    author: row.author,
    text: row.comment_text,
    anchor: row.anchor?.toString('base64') ?? null,
    resolved: row.resolved,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}

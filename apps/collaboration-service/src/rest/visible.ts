import { type Actor, mayEdit } from '@kyong/collaboration';
import type { Pool } from '@kyong/postgres';
import { Problem } from '@kyong/service-kit';
import { findVisible } from '../tenant-access.ts';

/**
 * The document, if the actor may do with it what is asked.
 * @throws {Problem} `not_found` for one that is not theirs to see, `forbidden` for one they may only see.
 */
export async function visibleOr404(
  pool: Pool,
  actor: Actor,
  documentId: string,
  needed: 'viewer' | 'editor' | 'owner' = 'viewer',
) {
  const document = await findVisible(pool, actor, documentId);
  if (!document) throw new Problem('not_found');
  const { role } = document;
  if (needed === 'owner' ? role !== 'owner' : needed === 'editor' && !mayEdit(role))
    throw new Problem('forbidden');
  return document;
}

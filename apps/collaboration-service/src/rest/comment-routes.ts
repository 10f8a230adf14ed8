import { mayEdit } from '@kyong/collaboration';
import {
  addComment,
  changeComment,
  deleteComment,
  findComment,
  listComments,
} from '@kyong/collaboration/adapters/tenant-database';
import { type DocumentComment, routes } from '@kyong/contracts';
import { Problem, serve } from '@kyong/service-kit';
import type { FastifyInstance } from 'fastify';
import * as Y from 'yjs';
import type { Quotas } from '../quotas.ts';
import { type GymAccess, inOwnGym } from '../tenant-access.ts';
import { pageOf, positionOf } from './paging.ts';
import { visibleOr404 } from './visible.ts';

export function commentRoutes(
  app: FastifyInstance,
  { access, quotas }: { access: GymAccess; quotas: Quotas },
): void {
  serve(app, routes.listDocumentComments, ({ principal, params: { documentId }, query: { cursor, limit } }) =>
    inOwnGym(access, principal, async (pool, actor) => {
      await visibleOr404(pool, actor, documentId);
      const after = positionOf(cursor);
      const found = await listComments(pool, documentId, {
        after: after && { createdAt: after.createdAt, commentId: after.id },
        limit: limit + 1,
      });
      const place = ({ createdAt, commentId }: DocumentComment) => ({ createdAt, id: commentId });
      const { items, nextCursor } = pageOf(found, limit, place);
      return { comments: items, nextCursor };
    }),
  );

  serve(app, routes.addDocumentComment, ({ principal, params: { documentId }, body: { text, anchor } }) =>
    inOwnGym(access, principal, async (pool, actor) => {
      await visibleOr404(pool, actor, documentId);
      await quotas.ensureRoom(actor.tenantId, pool);
      const position = anchor === undefined ? null : positionIn(anchor);
      return addComment(pool, documentId, { author: actor.userId, text, anchor: position });
    }),
  );

  serve(app, routes.changeDocumentComment, ({ principal, params: { documentId, commentId }, body }) =>
    inOwnGym(access, principal, async (pool, actor) => {
      const { role } = await visibleOr404(pool, actor, documentId);
      const comment = await findComment(pool, documentId, commentId);
      if (!comment) throw new Problem('not_found');
      const isAuthor = comment.author === actor.userId;
      if (!isAuthor && (body.text !== undefined || !mayEdit(role))) throw new Problem('forbidden');
      const changed = await changeComment(pool, commentId, body);
      if (!changed) throw new Problem('not_found');
      return changed;
    }),
  );

  serve(app, routes.deleteDocumentComment, ({ principal, params: { documentId, commentId } }) =>
    inOwnGym(access, principal, async (pool, actor) => {
      const { role } = await visibleOr404(pool, actor, documentId);
      const comment = await findComment(pool, documentId, commentId);
      if (!comment) throw new Problem('not_found');
      if (comment.author !== actor.userId && role !== 'owner') throw new Problem('forbidden');
      await deleteComment(pool, commentId);
      return undefined;
    }),
  );
}

/** @throws {Problem} `malformed_request` for what no client could find its way back to. */
function positionIn(anchor: string): Uint8Array {
  const bytes = Buffer.from(anchor, 'base64');
  try {
    Y.decodeRelativePosition(bytes);
    return bytes;
  } catch (cause) {
    throw new Problem('malformed_request', {
      cause,
      errors: [{ path: 'body.anchor', message: 'is no Yjs relative position' }],
    });
  }
}

import { type Actor, type DocumentTurns, RoomUnavailable, UpdateRefused } from '@kyong/collaboration';
import { listVersions, readVersion } from '@kyong/collaboration/adapters/tenant-database';
import { type DocumentVersion, routes } from '@kyong/contracts';
import { Problem, serve } from '@kyong/service-kit';
import type { FastifyInstance } from 'fastify';
import type { History } from '../history-thread.ts';
import type { LiveDocuments } from '../live-documents.ts';
import type { Budgets } from '../sockets/budgets.ts';
import { type GymAccess, inOwnGym } from '../tenant-access.ts';
import type { Versions } from '../versions.ts';
import { pageOf, positionOf } from './paging.ts';
import { visibleOr404 } from './visible.ts';

/** To restore one of the largest size takes seconds; a server that dies meanwhile leaves the document to the next after this. */
const restoreSeconds = 60;

export function historyRoutes(
  app: FastifyInstance,
  {
    access,
    budgets,
    documents,
    versions,
    history,
    turns,
  }: {
    access: GymAccess;
    budgets: Pick<Budgets, 'threadWait'>;
    documents: LiveDocuments;
    versions: Versions;
    history: History;
    turns: DocumentTurns;
  },
): void {
  /** @throws {Problem} while what was done for the gym before is not paid for. */
  const ensurePaid = ({ tenantId }: Actor) => {
    const milliseconds = budgets.threadWait(tenantId);
    if (milliseconds > 0)
      throw new Problem('rate_limited', {
        detail: 'Too much of the history is asked for.',
        retryAfterSeconds: milliseconds / 1000,
      });
  };

  serve(app, routes.listDocumentHistory, ({ principal, params: { documentId }, query: { cursor, limit } }) =>
    inOwnGym(access, principal, async (pool, actor) => {
      const { kind } = await visibleOr404(pool, actor, documentId);
      ensurePaid(actor);
      // So that what was just edited can be seen and brought back, were it the first time.
      const { tenantId } = actor;
      await documents.use({ tenantId, documentId }, kind, async (live) => {
        const { state, head } = await live.read();
        await versions.keepIfDue({ tenantId, documentId }, kind, { state, seq: head.seq });
      });
      const after = positionOf(cursor);
      const found = await listVersions(pool, documentId, {
        after: after && { createdAt: after.createdAt, versionId: after.id },
        limit: limit + 1,
      });
      const place = ({ createdAt, versionId }: DocumentVersion) => ({ createdAt, id: versionId });
      const { items, nextCursor } = pageOf(found, limit, place);
      return { versions: items, nextCursor };
    }),
  );

  serve(app, routes.keepDocumentVersion, ({ principal, params: { documentId }, body: { name } }) =>
    inOwnGym(access, principal, async (pool, actor) => {
      const { kind } = await visibleOr404(pool, actor, documentId, 'editor');
      ensurePaid(actor);
      const { tenantId, userId } = actor;
      return documents.use({ tenantId, documentId }, kind, async (live) => {
        const { state, head } = await live.read();
        return versions.keep({ tenantId, documentId }, kind, {
          ...{ state, seq: head.seq },
          ...{ name, createdBy: userId },
        });
      });
    }),
  );

  serve(app, routes.restoreDocument, ({ principal, params: { documentId }, body: { versionId } }) =>
    inOwnGym(access, principal, async (pool, actor) => {
      const { kind } = await visibleOr404(pool, actor, documentId, 'editor');
      ensurePaid(actor);
      const version = await readVersion(pool, documentId, versionId);
      if (!version) throw new Problem('not_found');
      const { tenantId, userId } = actor;
      const document = { tenantId, documentId };
      // Two edits that each undo the same would do it twice.
      const giveBack = await turns.take(document, restoreSeconds);
      if (!giveBack) throw new Problem('restore_running', { retryAfterSeconds: 1 });
      try {
        return await documents.use(document, kind, async (live) => {
          const { state, head } = await live.readStored();
          await versions.keep(document, kind, { state, seq: head.seq, name: null, createdBy: userId });
          const edit = await history.editToRestore(tenantId, version.state, state);
          return { versionId, seq: await live.room.submit(edit, undefined).catch(sayWhy) };
        });
      } finally {
        await giveBack();
      }
    }),
  );
}

/** @throws {Problem} */
function sayWhy(cause: unknown): never {
  if (cause instanceof RoomUnavailable) throw new Problem('unavailable', { cause });
  // What comes back is added to what is there.
  if (cause instanceof UpdateRefused && cause.code === 'document_too_large')
    throw new Problem('payload_too_large', { detail: cause.message, cause });
  throw cause;
}

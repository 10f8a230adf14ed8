import { randomUUID } from 'node:crypto';
import {
  type DocumentRef,
  effectiveRole,
  mayCreate,
  nearlyFull,
  type StoredDocument,
  seesAll,
} from '@kyong/collaboration';
import {
  countDocuments,
  createDocument,
  giveRole,
  listDocuments,
  listRoles,
  takeRole,
} from '@kyong/collaboration/adapters/tenant-database';
import { type CollaborationDocument, type DocumentRole, routes } from '@kyong/contracts';
import { Problem, serve } from '@kyong/service-kit';
import type { FastifyInstance } from 'fastify';
import type { Quotas } from '../quotas.ts';
import { type GymAccess, inOwnGym } from '../tenant-access.ts';
import { pageOf, positionOf } from './paging.ts';
import { visibleOr404 } from './visible.ts';

export function documentRoutes(
  app: FastifyInstance,
  {
    access,
    quotas,
    onRoles,
  }: { access: GymAccess; quotas: Quotas; onRoles: (document: DocumentRef) => Promise<void> },
): void {
  serve(app, routes.createDocument, ({ principal, body, reply }) =>
    inOwnGym(access, principal, async (pool, actor) => {
      if (!mayCreate(actor)) throw new Problem('forbidden');
      const { userId } = actor;
      const { documents: limit } = await quotas.ensureRoom(actor.tenantId, pool);
      const document = await createDocument(pool, { ...body, documentId: randomUUID(), userId, limit });
      reply.header('location', `${routes.createDocument.path}/${document.documentId}`);
      return view(document, 'owner');
    }),
  );

  serve(app, routes.showDocumentUsage, ({ principal }) =>
    inOwnGym(access, principal, async (pool, actor) => {
      if (!mayCreate(actor)) throw new Problem('forbidden');
      const quota = await quotas.of(actor.tenantId);
      const documents = await countDocuments(pool);
      const databaseBytes = await quotas.bytesOf(actor.tenantId, pool);
      return {
        ...{ documents, documentsLimit: quota.documents },
        ...{ databaseBytes, databaseBytesLimit: quota.databaseBytes },
        nearlyFull: Math.max(documents / quota.documents, databaseBytes / quota.databaseBytes) >= nearlyFull,
      };
    }),
  );

  serve(app, routes.listDocuments, ({ principal, query: { kind, cursor, limit } }) =>
    inOwnGym(access, principal, async (pool, actor) => {
      const after = positionOf(cursor);
      const found = await listDocuments(pool, {
        userId: actor.userId,
        all: seesAll(actor),
        kind,
        after: after && { createdAt: after.createdAt, documentId: after.id },
        limit: limit + 1,
      });
      const views = found.map((document) => view(document, effectiveRole(actor, document.given) ?? 'viewer'));
      const place = ({ createdAt, documentId }: CollaborationDocument) => ({ createdAt, id: documentId });
      const { items, nextCursor } = pageOf(views, limit, place);
      return { documents: items, nextCursor };
    }),
  );

  serve(app, routes.showDocument, ({ principal, params: { documentId } }) =>
    inOwnGym(access, principal, async (pool, actor) => {
      const document = await visibleOr404(pool, actor, documentId);
      return view(document, document.role);
    }),
  );

  serve(app, routes.listDocumentRoles, ({ principal, params: { documentId } }) =>
    inOwnGym(access, principal, async (pool, actor) => {
      await visibleOr404(pool, actor, documentId);
      return { members: await listRoles(pool, documentId) };
    }),
  );

  serve(app, routes.grantDocumentRole, ({ principal, params: { documentId, userId }, body: { role } }) =>
    inOwnGym(access, principal, async (pool, actor) => {
      await visibleOr404(pool, actor, documentId, 'owner');
      await giveRole(pool, documentId, { userId, role });
      await onRoles({ tenantId: actor.tenantId, documentId });
      return { userId, role };
    }),
  );

  serve(app, routes.revokeDocumentRole, ({ principal, params: { documentId, userId } }) =>
    inOwnGym(access, principal, async (pool, actor) => {
      await visibleOr404(pool, actor, documentId, 'owner');
      if (!(await takeRole(pool, documentId, userId))) throw new Problem('not_found');
      await onRoles({ tenantId: actor.tenantId, documentId });
      return undefined;
    }),
  );
}

function view(
  { given, createdAt, updatedAt, ...document }: StoredDocument,
  role: DocumentRole,
): CollaborationDocument {
  return { ...document, role, createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
}

import { routes } from '@kyong/contracts';
import {
  describeCaller,
  endOtherSessions,
  endSession,
  type Identity,
  listSessions,
  logout,
  refresh,
} from '@kyong/identity';
import type { SigningKeys } from '@kyong/identity/adapters/signing-keys';
import { Problem, serve } from '@kyong/service-kit';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

export function sessionRoutes(
  app: FastifyInstance,
  { identity, signingKeys }: { identity: Identity; signingKeys: SigningKeys },
): void {
  serve(app, routes.refresh, async ({ body, request }) => {
    const result = await refresh(identity, body);
    if ('userId' in result) request.actor = { id: result.userId, tenantId: body.tenantId };
    switch (result.outcome) {
      case 'invalid':
        throw new Problem('refresh_token_invalid');
      case 'reused':
        // Somebody has a copy of a token, or a device was brought back from a backup.
        app.log.error({ alarm: 'refresh_token_reused', userId: result.userId }, 'alarm');
        await app.recordSecurityEvent({
          ...{ event: 'refresh.reuse', outcome: 'refused', reason: 'refresh_token_invalid' },
          ...{ actor: result.userId, sourceIp: request.ip, requestId: request.id },
        });
        throw new Problem('refresh_token_invalid');
      case 'no_role':
        throw new Problem('forbidden', {
          detail:
            'This session does not open that tenant. One whose code was asked for without a tenantId opens all of yours.',
        });
      case 'refreshed':
        return result.tokens;
    }
  });

  serve(app, routes.logout, async ({ body, request }) => {
    const userId = await logout(identity, body.refreshToken);
    if (userId !== undefined) request.actor = { id: userId };
    return undefined;
  });

  serve(app, routes.listSessions, async ({ principal, query: { cursor, limit } }) => {
    const before = cursor === undefined ? undefined : positionOf(cursor);
    const found = await listSessions(identity, principal, { before, limit: limit + 1 });
    const page = found.slice(0, limit);
    const last = found.length > page.length ? page.at(-1) : undefined;
    const position = last && JSON.stringify([last.createdAt, last.id]);
    return {
      sessions: page.map(({ id, boundTenantId, createdAt, lastUsedAt, expiresAt }) => ({
        sessionId: id,
        createdAt: createdAt.toISOString(),
        lastUsedAt: lastUsedAt.toISOString(),
        expiresAt: expiresAt.toISOString(),
        ...(boundTenantId !== null && { boundTo: boundTenantId }),
        current: id === principal.sid,
      })),
      nextCursor: position ? Buffer.from(position).toString('base64url') : null,
    };
  });

  serve(app, routes.endSession, async ({ principal, params: { sessionId } }) => {
    if (!(await endSession(identity, principal, sessionId))) throw new Problem('not_found');
    return undefined;
  });

  serve(app, routes.endOtherSessions, async ({ principal }) => {
    await endOtherSessions(identity, principal);
    return undefined;
  });

  serve(app, routes.me, async ({ principal }) => describeCaller(identity, principal));

  serve(app, routes.jwks, async ({ reply }) => {
    // A new key is published for longer than this before it signs.
    reply.header('cache-control', 'public, max-age=300');
    return signingKeys.publicKeys;
  });
}

const position = z.tuple([z.iso.datetime(), z.uuid()]);

function positionOf(cursor: string): { createdAt: Date; id: string } {
  try {
    const [createdAt, id] = position.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    return { createdAt: new Date(createdAt), id };
  } catch (cause) {
    throw new Problem('malformed_request', {
      cause,
      errors: [{ path: 'query.cursor', message: 'is none of ours' }],
    });
  }
}

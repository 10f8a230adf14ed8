import { routes } from '@kyong/contracts';
import { describeCaller, type Identity, logout, refresh } from '@kyong/identity';
import type { SigningKeys } from '@kyong/identity/adapters/signing-keys';
import { Problem, serve } from '@kyong/service-kit';
import type { FastifyInstance } from 'fastify';

export function sessionRoutes(
  app: FastifyInstance,
  { identity, signingKeys }: { identity: Identity; signingKeys: SigningKeys },
): void {
  serve(app, routes.refresh, async ({ body }) => {
    const result = await refresh(identity, body);
    switch (result.outcome) {
      case 'invalid':
        throw new Problem('refresh_token_invalid');
      case 'no_role':
        throw new Problem('forbidden');
      case 'refreshed':
        return result.tokens;
    }
  });

  serve(app, routes.logout, async ({ body }) => {
    await logout(identity, body.refreshToken);
    return undefined;
  });

  serve(app, routes.me, async ({ principal }) => describeCaller(identity, principal));

  serve(app, routes.jwks, async ({ reply }) => {
    // A new key is published for longer than this before it signs.
    reply.header('cache-control', 'public, max-age=300');
    return signingKeys.publicKeys;
  });
}

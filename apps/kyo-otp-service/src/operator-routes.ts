import { routes } from '@kyong/contracts';
import { admitOperator, type OperatorIdentities, type TokenSigner } from '@kyong/identity';
import { Problem, serve } from '@kyong/service-kit';
import type { FastifyInstance } from 'fastify';

export function operatorRoutes(
  app: FastifyInstance,
  { signer, identities }: { signer: TokenSigner; identities: OperatorIdentities },
): void {
  serve(app, routes.exchangeOperatorProof, async ({ body, request }) => {
    const access = await admitOperator(signer, identities, body.proof).catch((cause: unknown) => {
      app.log.warn({ err: cause }, 'AWS STS does not answer');
      throw new Problem('unavailable', { cause });
    });
    if (!access) throw new Problem('unauthenticated', { detail: 'This proves no operator of this stage.' });
    request.actor = { id: access.subject };
    const { accessToken, expiresIn } = access;
    return { accessToken, tokenType: 'Bearer' as const, expiresIn };
  });
}

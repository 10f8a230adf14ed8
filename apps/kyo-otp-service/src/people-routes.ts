import { routes } from '@kyong/contracts';
import type { Identity } from '@kyong/identity';
import type { OtpKeys } from '@kyong/otp';
import { isOperator, Problem, serve } from '@kyong/service-kit';
import type { FastifyInstance } from 'fastify';
import { addressOf } from './address.ts';

export function peopleRoutes(
  app: FastifyInstance,
  { identity: { store, now }, otpKeys }: { identity: Identity; otpKeys: OtpKeys },
): void {
  serve(app, routes.erasePerson, async ({ body, principal, request }) => {
    if (!isOperator(principal)) throw new Problem('forbidden');
    const address = addressOf(body.address, 'body.address');
    const addressHash = otpKeys.recipient(address.value).toString('base64url');
    const erasedAt = now();
    const result = await store.erasePerson({
      ...{ address, addressHash, actorId: principal.sub, sourceIp: request.ip, now: erasedAt },
    });
    if ('refused' in result)
      throw new Problem(result.refused, {
        detail: 'Make somebody else an owner, or offboard the gym, first.',
      });
    return { addressHash, erasedAt: erasedAt.toISOString(), rows: result.rows };
  });
}

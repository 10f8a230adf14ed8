import { routes } from '@kyong/contracts';
import { type Identity, signIn } from '@kyong/identity';
import { issue, type Otp, verify } from '@kyong/otp';
import { Problem, serve } from '@kyong/service-kit';
import type { FastifyInstance } from 'fastify';
import { addressOf } from './address.ts';
import type { SendGate } from './send-gate.ts';

const problemOf = { resend_too_soon: 'otp_resend_too_soon', send_limit: 'otp_send_limit' } as const;

export function otpRoutes(
  app: FastifyInstance,
  { otp, identity, gate }: { otp: Otp; identity: Identity; gate: SendGate },
): void {
  // Never looks up whose address it is: the answer and its time are the same for everyone.
  serve(app, routes.sendOtp, async ({ body, request: { ip } }) => {
    const { captchaToken, ...request } = { ...body, to: addressOf(body.to).value };
    const { policy, braked, settle } = await gate.admit({ ...request, captchaToken }, ip);
    const network = gate.networkOf(ip);
    const issued = await issue(
      otp,
      { ...request, network, ...(braked && { braked }) },
      policy.codes[request.purpose],
    );
    const result = settle(issued);
    if (result.outcome !== 'issued') {
      const { outcome, retryAfterSeconds } = result;
      throw new Problem(problemOf[outcome], { retryAfterSeconds });
    }
    return {
      requestId: result.requestId,
      expiresAt: result.expiresAt.toISOString(),
      resendAfter: result.resendAfter.toISOString(),
    };
  });

  // The code is spent before the session is opened: if the database is away just then, the person asks for another code.
  serve(app, routes.verifyOtp, async ({ body, request }) => {
    const { ip } = request;
    const result = await verify(otp, { ...body, network: gate.networkOf(ip), most: gate.mostMistakes(ip) });
    switch (result.outcome) {
      case 'incorrect':
        gate.mistaken(ip);
        throw new Problem('otp_incorrect', { attemptsLeft: result.attemptsLeft });
      case 'expired':
        throw new Problem('otp_expired');
      case 'exhausted':
        throw new Problem('otp_attempts_exhausted', { retryAfterSeconds: result.retryAfterSeconds });
      case 'correct': {
        const { channel, to, purpose, tenantId } = result.grant;
        gate.verified({ channel, to }, ip);
        const tokens = await signIn(identity, { address: { channel, value: to }, purpose, tenantId });
        request.actor = { id: tokens.user.id, tenantId };
        return tokens;
      }
    }
  });
}

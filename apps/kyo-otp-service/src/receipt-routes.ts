import { routes, snsSubscription } from '@kyong/contracts';
import { type OtpKeys, openReceiptToken, type ReceiptReport } from '@kyong/otp';
import { awsReceipt } from '@kyong/otp/adapters/aws-receipts';
import { mitakeReceipt } from '@kyong/otp/adapters/mitake';
import { addReceipt } from '@kyong/otp/adapters/redis';
import type { SnsSubscriptions } from '@kyong/otp/adapters/sns-subscription';
import type { ConfirmedWrite } from '@kyong/redis';
import { Problem, serve } from '@kyong/service-kit';
import type { FastifyInstance } from 'fastify';

/**
 * What providers say of messages later. Whoever calls proves that it is about a message of ours by the token that went out
 * with it; without one nothing happens. It is in Redis before the answer, so that a provider that got one need not repeat.
 * Only Amazon SNS makes us go anywhere, once its signature is found good.
 */
export function receiptRoutes(
  parent: FastifyInstance,
  dependencies: {
    write: ConfirmedWrite;
    otpKeys: OtpKeys;
    /** Of the topic that receipts come by; without one no subscription is confirmed. */
    subscriptions?: Pick<SnsSubscriptions, 'confirm'> | undefined;
    now: () => Date;
  },
): void {
  const { write, otpKeys, subscriptions, now } = dependencies;
  /** @returns whether it is about a message of ours. */
  const take = async (token: string, receipt: Pick<ReceiptReport, 'status' | 'failure' | 'cost'>) => {
    const subject = openReceiptToken(otpKeys, token);
    if (!subject) return false;
    const { tenantId, reference, recipient } = subject;
    await addReceipt({ write, keys: otpKeys }, recipient, {
      kind: 'receipt',
      tenantId,
      reference,
      at: now().toISOString(),
      ...receipt,
    });
    return true;
  };

  parent.register(async (app) => {
    takeLargeJson(app);

    serve(app, routes.mitakeReceipt, async ({ params, query, reply }) => {
      const receipt = mitakeReceipt(query);
      const known = receipt
        ? await take(params.token, receipt)
        : openReceiptToken(otpKeys, params.token) !== undefined;
      if (!known) throw new Problem('not_found');
      reply.type(routes.mitakeReceipt.success.contentType);
      // What Mitake takes for "understood"; else it calls again.
      return `magicid=sms_gateway_rpack\nmsgid=${query.msgid.replaceAll(/\W/g, '')}\n`;
    });

    serve(app, routes.awsReceipt, async ({ body }) => {
      const subscription = snsSubscription.safeParse(body);
      if (
        subscription.success &&
        subscriptions &&
        !(await subscriptions.confirm(subscription.data).catch(unavailable))
      )
        throw new Problem('forbidden');
      const receipt = awsReceipt(body);
      if (receipt) {
        const { token, ...said } = receipt;
        await take(token, said);
      }
      return undefined;
    });
  });
}

/** Amazon SNS calls again. */
function unavailable(cause: unknown): never {
  throw new Problem('unavailable', { cause });
}

/** Amazon SNS calls its JSON `text/plain`. */
function takeLargeJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    ['application/json', 'text/plain'],
    { parseAs: 'string' },
    (_request, text, done) => {
      try {
        done(null, JSON.parse(String(text)));
      } catch (cause) {
        done(new Problem('malformed_json', { cause }));
      }
    },
  );
}

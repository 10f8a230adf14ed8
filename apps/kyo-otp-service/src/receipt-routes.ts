import { routes } from '@kyong/contracts';
import { type OtpKeys, openReceiptToken, type ReceiptReport } from '@kyong/otp';
import { awsReceipt, subscriptionUrl } from '@kyong/otp/adapters/aws-receipts';
import { mitakeReceipt } from '@kyong/otp/adapters/mitake';
import { addReceipt } from '@kyong/otp/adapters/redis';
import type { ConfirmedWrite } from '@kyong/redis';
import { Problem, serve } from '@kyong/service-kit';
import type { FastifyInstance } from 'fastify';

/** An event of SES repeats the headers of its message. */
const bodyLimitBytes = 128 * 1024;
const confirmTimeoutMilliseconds = 5_000;

/**
 * What providers say of messages later. Whoever calls proves that it is about a message of ours by the token that went out
 * with it; without one nothing happens. It is in Redis before the answer, so that a provider that got one need not repeat.
 */
export function receiptRoutes(
  parent: FastifyInstance,
  dependencies: { write: ConfirmedWrite; otpKeys: OtpKeys; now: () => Date },
): void {
  const { write, otpKeys, now } = dependencies;
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
      const confirmation = subscriptionUrl(body);
      if (confirmation)
        await fetch(confirmation, { signal: AbortSignal.timeout(confirmTimeoutMilliseconds) });
      const receipt = awsReceipt(body);
      if (receipt) {
        const { token, ...said } = receipt;
        await take(token, said);
      }
      return undefined;
    });
  });
}

/** Amazon SNS calls its JSON `text/plain`. */
function takeLargeJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    ['application/json', 'text/plain'],
    { parseAs: 'string', bodyLimit: bodyLimitBytes },
    (_request, text, done) => {
      try {
        done(null, JSON.parse(String(text)));
      } catch (cause) {
        done(new Problem('malformed_json', { cause }));
      }
    },
  );
}

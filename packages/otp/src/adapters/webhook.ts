import { signedHeaders } from '@kyong/webhooks';
import {
  type Handover,
  MessageRefused,
  type MessageSender,
  RecipientRefused,
  SenderRefused,
} from '../sender.ts';

export interface WebhookOptions {
  url: string;
  /** `whsec_` and the key in base64, as Standard Webhooks has it. */
  secret: string;
  now: () => Date;
}

const maxReplyCharacters = 10_000;

/**
 * Hands messages to a server of the user's own, signed as Standard Webhooks 1.0 says. It answers 2xx when it has taken the
 * message over, optionally with `{messageId}`; 422 when nobody can send to this address; 400 or 413 when it does not take this
 * message; 401, 403, 404 or 410 when it takes none; anything else is tried again. The id is the same at every try: a message it has already is taken over by saying so again.
 */
export function webhook({ url, secret, now }: WebhookOptions): MessageSender {
  return {
    name: 'webhook',
    async send({ id, channel, to, locale, subject, body, expiresAt }, signal): Promise<Handover> {
      const sentAt = now();
      const payload = JSON.stringify({
        type: 'otp.message',
        timestamp: sentAt.toISOString(),
        data: { channel, to, locale, subject, body, expiresAt },
      });
      const response = await fetch(url, {
        method: 'POST',
        headers: signedHeaders(secret, { id, sentAt, payload }),
        body: payload,
        redirect: 'error',
        signal,
      });
      const text = (await response.text()).slice(0, maxReplyCharacters);
      if (response.status === 422) throw new RecipientRefused('The webhook does not take this address.');
      if ([400, 413].includes(response.status))
        throw new MessageRefused(`The webhook does not take the message: ${response.status}.`);
      if ([401, 403, 404, 410].includes(response.status))
        throw new SenderRefused(`The webhook answers ${response.status}.`);
      if (!response.ok) throw new Error(`The webhook answers ${response.status}.`);
      return { messageId: messageIdOf(text) };
    },
  };
}

function messageIdOf(text: string): string | undefined {
  try {
    const { messageId } = JSON.parse(text) as { messageId?: unknown };
    return typeof messageId === 'string' ? messageId.slice(0, 200) : undefined;
  } catch {
    return undefined;
  }
}

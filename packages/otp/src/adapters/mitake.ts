import type { Money } from '@kyong/contracts';
import {
  type Handover,
  type Message,
  MessageRefused,
  type MessageSender,
  RecipientRefused,
  SenderRefused,
} from '../sender.ts';
import { measureSms } from '../sms-encoding.ts';
import {
  messageStatuses,
  parseMitakeReply,
  recipientStatuses,
  takenStatuses,
  transientStatuses,
} from './mitake-status.ts';

export interface MitakeOptions {
  /** Of the account's contract: `https://smsapi.mitake.com.tw/api/mtk/` or `https://smsb2c.mitake.com.tw/b2c/mtk/`. */
  baseUrl: string;
  username: string;
  password: string;
  /** What a point of the account costs. */
  pricePerPoint?: Money;
  /** Where a message's receipt is to be brought. Mitake calls ports 80 and 443 only. */
  receiptUrl?: (token: string) => string;
}

export { mitakeReceipt } from './mitake-status.ts';

/** Mitake's own sign for a line break: ASCII 6. */
const lineBreak = '\u0006';
const maxReplyCharacters = 10_000;

/**
 * Mitake (三竹簡訊), HTTP API, `SmSend`. It knows a message by its `clientid` for twelve hours and does not send it twice.
 * Numbers in Taiwan are written the way they are dialled there.
 */
export function mitake(options: MitakeOptions): MessageSender {
  const url = new URL('SmSend?CharsetURL=UTF8', options.baseUrl);
  return {
    name: 'mitake',
    async send(message, signal) {
      const response = await fetch(url, {
        method: 'POST',
        body: formOf(message, options),
        redirect: 'error',
        signal,
      });
      const text = (await response.text()).slice(0, maxReplyCharacters);
      if (!response.ok) throw new Error(`Mitake answers ${response.status}.`);
      return handoverOf(text, message, options);
    },
  };
}

function formOf(message: Message, options: MitakeOptions): URLSearchParams {
  return new URLSearchParams({
    username: options.username,
    password: options.password,
    dstaddr: message.to.startsWith('+886') ? `0${message.to.slice(4)}` : message.to.slice(1),
    smbody: message.body.replaceAll('\n', lineBreak),
    clientid: message.id,
    vldtime: taipeiTime(message.expiresAt),
    // The answer then says how many points were taken.
    smsPointFlag: '1',
    ...(options.receiptUrl &&
      message.receiptToken !== undefined && { response: options.receiptUrl(message.receiptToken) }),
  });
}

function handoverOf(text: string, message: Message, { pricePerPoint }: MitakeOptions): Handover {
  const { statuscode = '', msgid, smsPoint } = parseMitakeReply(text);
  if (recipientStatuses.has(statuscode))
    throw new RecipientRefused(`Mitake does not take this number: ${statuscode}.`);
  if (messageStatuses.has(statuscode))
    throw new MessageRefused(`Mitake does not take the message: ${statuscode}.`);
  if (transientStatuses.has(statuscode)) throw new Error(`Mitake cannot send at the moment: ${statuscode}.`);
  if (!takenStatuses.has(statuscode) || msgid === undefined) {
    const said = /^[\w*]$/.test(statuscode) ? statuscode : 'no status';
    throw new SenderRefused(`Mitake refuses: ${said}.`);
  }
  const points = Number(smsPoint);
  return {
    messageId: msgid,
    segments: measureSms(message.body).segments,
    ...(pricePerPoint &&
      Number.isFinite(points) && {
        cost: { ...pricePerPoint, amount: Math.round(points * pricePerPoint.amount * 1e5) / 1e5 },
      }),
  };
}

/** `YYYYMMDDhhmmss` in Taipei, which has no summer time. */
function taipeiTime(at: Date): string {
  const taipei = new Date(at.getTime() + 8 * 3_600_000);
  return taipei.toISOString().replaceAll(/\D/g, '').slice(0, 14);
}

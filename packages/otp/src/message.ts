import { type Channel, holdsLink, isPlain } from '@kyong/contracts';
import type { Delivery } from './otp.ts';
import { sendReference } from './request-id.ts';
import type { Message } from './sender.ts';
import { measureSms } from './sms-encoding.ts';
import { fill, type GymWording, isOwnDomain, type Platform, renderText, type Text } from './template.ts';

/** What a message may cost, and what no provider minds. In the platform's own words it is two SMS at most. */
const longestSms = 3;
const longestEmail = 1_000;
const longestSubject = 200;
/** Characters of a gym's name in a message. */
const longestName = 40;

/** What the person reads, as a provider gets it. */
export function renderMessage(delivery: Delivery, platform: Platform, gym?: GymWording): Message {
  const { channel, to, locale, code, lifetimeSeconds } = delivery;
  const values = { app: gym?.app ?? platform.app, code, lifetimeSeconds };
  return {
    id: sendReference(delivery.requestId),
    ...{ channel, to, locale },
    ...renderText(gym ?? {}, values, { channel, locale, platform }),
    expiresAt: new Date(delivery.expiresAt),
  };
}

/**
 * A gym's words if they may be sent, else its name alone: they were looked at when they were saved, by the rules of then and
 * beside the name of then.
 */
export function sendableWording(
  gym: GymWording,
  delivery: Delivery,
  { tenantId, platform }: { tenantId: string; platform: Platform },
): GymWording {
  const app = nameInMessages(gym.app, tenantId);
  const { body, subject = '', webOtpDomain } = gym;
  const values = { app, code: delivery.code, lifetimeSeconds: delivery.lifetimeSeconds };
  const text = renderText(gym, values, { ...delivery, platform });
  const isGood =
    body !== undefined &&
    [fill(body, values), fill(subject, values)].every((line) => isPlain(line) && !holdsLink(line)) &&
    (webOtpDomain === undefined || isOwnDomain(webOtpDomain, tenantId, platform)) &&
    whyTooLong(delivery.channel, text) === undefined;
  return isGood ? { ...gym, app } : { app };
}

/** A gym's own name, if that can stand in a message, or its tenantId. */
export function nameInMessages(name: string, tenantId: string): string {
  if (!isPlain(name) || holdsLink(name)) return tenantId;
  const characters = [...name];
  return characters.length <= longestName ? name : `${characters.slice(0, longestName - 1).join('')}…`;
}

/** Why a text is too long to be sent; undefined when it is not. */
export function whyTooLong(channel: Channel, { subject = '', body }: Text): string | undefined {
  if (channel === 'sms') {
    const { segments } = measureSms(body);
    return segments > longestSms ? `at most ${longestSms} SMS; this is ${segments}` : undefined;
  }
  if (body.length > longestEmail) return `at most ${longestEmail} characters; these are ${body.length}`;
  return subject.length > longestSubject ? `a subject of at most ${longestSubject} characters` : undefined;
}

import type { Delivery } from './otp.ts';
import { sendReference } from './request-id.ts';
import type { Message } from './sender.ts';
import { defaultWording, type GymWording, renderBody, renderSubject } from './template.ts';

/** What the person reads: in the gym's words where it has some, else in the platform's. */
export function renderMessage(delivery: Delivery, platform: { app: string }, gym?: GymWording): Message {
  const { channel, to, locale, code, lifetimeSeconds } = delivery;
  const standard = defaultWording[locale];
  const values = { app: gym?.app ?? platform.app, code, lifetimeSeconds };
  return {
    id: sendReference(delivery.requestId),
    channel,
    to,
    locale,
    ...(channel === 'email' && { subject: renderSubject(gym?.subject ?? standard.subject, values) }),
    body: renderBody({ body: gym?.body ?? standard.body, webOtpDomain: gym?.webOtpDomain }, values),
    expiresAt: new Date(delivery.expiresAt),
  };
}

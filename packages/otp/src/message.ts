import type { Channel, Locale } from '@kyong/contracts';
import type { Delivery } from './otp.ts';

export interface Message {
  channel: Channel;
  to: string;
  body: string;
}

const templates: Record<Locale, string> = {
  'zh-TW': '{app} 驗證碼 {code}，{minutes} 分鐘內有效。請勿告訴任何人。',
  en: '{code} is your {app} code. It is valid for {minutes} minutes. Do not share it with anyone.',
};

/** What the person reads. */
export function renderMessage(delivery: Delivery, app: string): Message {
  const values: Record<string, string> = {
    app,
    code: delivery.code,
    minutes: String(Math.ceil(delivery.lifetimeSeconds / 60)),
  };
  const body = templates[delivery.locale].replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
  return { channel: delivery.channel, to: delivery.to, body };
}

import type { Channel, Locale, OtpPurpose } from '@kyong/contracts';

/** The words of one message. */
export interface Wording {
  /** Name of the gym's template; none for the platform's own words. */
  template?: string | undefined;
  body: string;
  subject?: string | undefined;
  /** Adds the line that lets a browser fill in the code on this site, and on no other. */
  webOtpDomain?: string | undefined;
}

/** What a gym says about its messages. */
export interface GymWording extends Omit<Wording, 'body'> {
  body?: string | undefined;
  /** The name that stands in the message. */
  app: string;
}

export interface MessageKind {
  channel: Channel;
  purpose: OtpPurpose;
  locale: Locale;
}

export interface TemplateReader {
  /** The gym's name, and its words for this kind of message if it has any. */
  find(tenantId: string, kind: MessageKind): Promise<GymWording | undefined>;
}

export const defaultWording: Record<Locale, { body: string; subject: string }> = {
  'zh-TW': {
    subject: '{app} 驗證碼',
    body: '{app} 驗證碼 {code}，{minutes} 分鐘內有效。請勿告訴任何人。',
  },
  en: {
    subject: 'Your {app} code',
    body: '{code} is your {app} code. It is valid for {minutes} minutes. Do not share it with anyone.',
  },
};

export interface WordingValues {
  app: string;
  code: string;
  lifetimeSeconds: number;
}

/** Puts the values in. The last line is an origin-bound one-time code (WICG): `@domain #code`. */
export function renderBody(wording: Pick<Wording, 'body' | 'webOtpDomain'>, values: WordingValues): string {
  const body = fill(wording.body, values);
  return wording.webOtpDomain === undefined ? body : `${body}\n@${wording.webOtpDomain} #${values.code}`;
}

export function renderSubject(subject: string, values: WordingValues): string {
  // A gym's name is the gym's own text: in a subject it is one line.
  return fill(subject, { ...values, code: '' }).replaceAll(/\p{Cc}+/gu, ' ');
}

function fill(text: string, { app, code, lifetimeSeconds }: WordingValues): string {
  const known: Record<string, string> = { app, code, minutes: String(Math.ceil(lifetimeSeconds / 60)) };
  return text.replaceAll(/\{(\w+)\}/g, (_, name: string) => known[name] ?? '');
}

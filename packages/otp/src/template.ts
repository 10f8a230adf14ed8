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

/** Who a message is from, whatever gym it names. */
export interface Platform {
  app: string;
  /** Where its codes are entered, and what gyms' subdomains are under: `kyo.example`. Without one there are no subdomains. */
  host?: string | undefined;
}

export const defaultWording: Record<Locale, { body: string; subject: string }> = {
  'zh-TW': {
    subject: '{app} 驗證碼',
    body: '{app} 驗證碼 {code}，{minutes} 分鐘內有效。',
  },
  en: {
    subject: 'Your {app} code',
    body: '{code} is your {app} code. It is valid for {minutes} minutes.',
  },
};

/** Stands in every message, so that whoever reads a gym's words knows whose code it is and where it belongs. */
const platformLine: Record<Locale, (platform: Platform) => string> = {
  'zh-TW': ({ app, host }) => `${app}：請勿告訴任何人，只在 ${host ?? app} 輸入。`,
  en: ({ app, host }) =>
    `${app}: share it with nobody, enter it only ${host === undefined ? `in ${app}` : `at ${host}`}.`,
};

export interface WordingValues {
  app: string;
  code: string;
  lifetimeSeconds: number;
}

/** Puts the values in. */
export function fill(text: string, { app, code, lifetimeSeconds }: WordingValues): string {
  const known: Record<string, string> = { app, code, minutes: String(Math.ceil(lifetimeSeconds / 60)) };
  return text.replaceAll(/\{(\w+)\}/g, (_, name: string) => known[name] ?? '');
}

export interface Text {
  /** Of an e-mail. */
  subject?: string;
  body: string;
}

/**
 * What the person reads: in the gym's words where it has some, else in the platform's, and the platform's line behind. The last
 * line is an origin-bound one-time code (WICG): `@domain #code`.
 */
export function renderText(
  wording: Partial<GymWording>,
  values: WordingValues,
  { channel, locale, platform }: Pick<MessageKind, 'channel' | 'locale'> & { platform: Platform },
): Text {
  const standard = defaultWording[locale];
  const { body = standard.body, subject = standard.subject, webOtpDomain } = wording;
  const lines = [fill(body, values), platformLine[locale](platform)];
  if (webOtpDomain !== undefined) lines.push(`@${webOtpDomain} #${values.code}`);
  return {
    ...(channel === 'email' && { subject: fill(subject, { ...values, code: '' }) }),
    body: lines.join('\n'),
  };
}

/** Whether a browser may be told to fill in a gym's codes there: at the platform's own host, or at the gym's below it. */
export function isOwnDomain(domain: string, tenantId: string, { host }: Platform): boolean {
  return host !== undefined && (domain === host || domain === `${tenantId}.${host}`);
}

/** What the numbering plans say about a phone number. */
export interface PhoneNumberKind {
  /** ISO 3166-1 alpha-2; undefined for a number of no country, or of none that is known. */
  country: string | undefined;
  /** `other` is all that nobody receives an SMS on, or that costs more: premium, shared cost, toll-free, VoIP, pager … */
  kind: 'mobile' | 'personal' | 'other' | 'unassigned';
}

export interface PhoneNumbers {
  /** Reads a number in E.164 form. */
  kindOf(phoneNumber: string): PhoneNumberKind;
}

/** Tells people from machines before an SMS is paid for. */
export interface Captcha {
  /** Whether this token, from this client, stands for a person. @throws when that cannot be found out. */
  verify(token: string, clientAddress: string | undefined): Promise<boolean>;
}

/** What the tenants' own logs say. */
export interface SmsLog {
  /** Segments of SMS that a tenant has sent since then; undefined when that cannot be had now. */
  countSince(tenantId: string, from: Date): Promise<number | undefined>;
}

/** Something an operator should see. Goes off once when it begins, in every process that sees it. */
export type Alarm =
  | {
      kind: 'prefix_cut_off' | 'prefix_recovered';
      /** A country, or a range of phone numbers with `x` for the digits that differ. */
      prefix: string;
      sent: number;
      verified: number;
    }
  | { kind: 'prefix_limit'; prefix: string }
  | { kind: 'tenant_limit' | 'budget_nearly_exhausted' | 'budget_exhausted'; tenantId: string | undefined }
  /** Of the whole platform, in the window of the brake on wrong codes. */
  | { kind: 'guessing' | 'guessing_over'; wrong: number; verified: number }
  | { kind: 'captcha_unavailable'; error: unknown };

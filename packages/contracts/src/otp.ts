import { z } from 'zod';
import { emailAddress, inOnePiece, phoneNumber } from './address.ts';
import { tokenPair } from './auth.ts';
import { text } from './plain-text.ts';
import { tenantId } from './tenant.ts';

export const channel = z.enum(['sms', 'email']).meta({ id: 'Channel' });
export type Channel = z.infer<typeof channel>;

export const otpPurpose = z.enum(['login', 'signup']).meta({ id: 'OtpPurpose' });
export type OtpPurpose = z.infer<typeof otpPurpose>;

export const locale = z.enum(['zh-TW', 'en']).meta({ id: 'Locale' });
export type Locale = z.infer<typeof locale>;

const sendOptions = {
  purpose: otpPurpose.default('login'),
  tenantId: tenantId.optional(),
  locale: locale.default('zh-TW'),
  captchaToken: text(2048)
    .min(1)
    .optional()
    .meta({ description: 'Proof of a person (Turnstile), where the platform asks for one before SMS' }),
};

export const sendOtpRequest = z
  .discriminatedUnion('channel', [
    z.strictObject({ channel: z.literal('sms'), to: phoneNumber, ...sendOptions }),
    z.strictObject({ channel: z.literal('email'), to: emailAddress, ...sendOptions }),
  ])
  .meta({ id: 'SendOtpRequest', example: { channel: 'sms', to: '+886912345678', purpose: 'signup' } });
export type SendOtpRequest = z.infer<typeof sendOtpRequest>;

export const sendOtpResponse = z
  .object({ requestId: z.string(), expiresAt: z.iso.datetime(), resendAfter: z.iso.datetime() })
  .meta({
    id: 'SendOtpResponse',
    example: {
      requestId: 'pV2mN0xJ6cQ4bTzUe1sWgK9dHfLrYaXo3iEv7MnBq5w',
      expiresAt: '2026-01-01T00:05:00.000Z',
      resendAfter: '2026-01-01T00:00:30.000Z',
    },
  });
export type SendOtpResponse = z.infer<typeof sendOtpResponse>;

export const verifyOtpRequest = z
  .strictObject({
    requestId: text(64).min(1),
    code: z
      .string()
      .max(40)
      .overwrite(inOnePiece)
      .regex(/^[0-9A-Z]{4,10}$/, '4 to 10 digits or letters'),
  })
  .meta({
    id: 'VerifyOtpRequest',
    example: { requestId: 'pV2mN0xJ6cQ4bTzUe1sWgK9dHfLrYaXo3iEv7MnBq5w', code: '493817' },
  });
export type VerifyOtpRequest = z.infer<typeof verifyOtpRequest>;

export const verifyOtpResponse = tokenPair;

export const outboxQuery = z.object({ to: text(254).min(1) });
export const outboxMessage = z
  .object({ to: z.string(), channel, body: z.string(), sentAt: z.iso.datetime() })
  .meta({ id: 'OutboxMessage' });
export type OutboxMessage = z.infer<typeof outboxMessage>;

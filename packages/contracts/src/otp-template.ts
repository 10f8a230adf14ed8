import { z } from 'zod';
import { channel, locale, otpPurpose } from './otp.ts';
import { templateBody, templateSubject } from './otp-template-text.ts';
import { paging } from './paging.ts';
import { line } from './plain-text.ts';

const byLocale = <T extends z.ZodType>(text: T) =>
  z.strictObject({ 'zh-TW': text.optional(), en: text.optional() });

const domainName = z
  .string()
  .max(253)
  .regex(/^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/, 'a host name in lower case');

const templateFields = {
  name: line(80).meta({ description: 'Unique in the gym' }),
  purpose: otpPurpose.default('login'),
  active: z.boolean().default(true).meta({
    description: 'Whether it is the one used for its channel and purpose; the one used before stops being it',
  }),
  bodies: byLocale(templateBody)
    .refine((bodies) => Object.values(bodies).some((body) => body !== undefined), 'at least one locale')
    .meta({ description: 'A locale that is missing gets the platform’s own words', minProperties: 1 }),
};
const channelFields = {
  subjects: byLocale(templateSubject).optional().meta({ description: 'Of e-mails' }),
  webOtpDomain: domainName.optional().meta({
    description:
      'SMS only: adds the last line `@domain #code`, which lets browsers fill in the code on that site (WebOTP): ' +
      "the platform's own, or the gym's subdomain of it",
  }),
};

const example = {
  name: 'Iron Temple sign-in',
  channel: 'sms',
  purpose: 'login',
  active: true,
  bodies: {
    'zh-TW': '{app} 驗證碼 {code}，{minutes} 分鐘內有效。',
    en: '{code} is your {app} code, valid for {minutes} minutes.',
  },
};

export const otpTemplateRequest = z
  .discriminatedUnion('channel', [
    z.strictObject({
      channel: z.literal('sms'),
      ...templateFields,
      ...channelFields,
      subjects: z.never('an SMS has none').optional(),
    }),
    z.strictObject({
      channel: z.literal('email'),
      ...templateFields,
      ...channelFields,
      webOtpDomain: z.never('only an SMS is read by browsers').optional(),
    }),
  ])
  .meta({ id: 'OtpTemplateRequest', example });
export type OtpTemplateRequest = z.infer<typeof otpTemplateRequest>;

export const smsMeasure = z
  .object({
    encoding: z.enum(['GSM-7', 'UCS-2']),
    length: z.int().meta({ description: 'In septets of GSM-7, or 16-bit units of UCS-2' }),
    segments: z.int().meta({ description: 'Messages it is sent, and paid, as' }),
  })
  .meta({ id: 'SmsMeasure' });

const preview = z.object({
  text: z.string().meta({ description: 'As the person reads it, with a made-up code' }),
  sms: smsMeasure.optional().meta({ description: 'Of an SMS' }),
});

export const otpTemplate = z
  .object({
    channel,
    ...templateFields,
    ...channelFields,
    templateId: z.uuid(),
    previews: z.object({ 'zh-TW': preview.optional(), en: preview.optional() }),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({
    id: 'OtpTemplate',
    example: {
      ...example,
      webOtpDomain: 'iron-temple.kyo.tw',
      templateId: '0b2f4e0a-7d1c-4a68-9d0e-3b5a4f1c2d6e',
      previews: {
        en: {
          text:
            '123456 is your Iron Temple code, valid for 5 minutes.\n' +
            'Kyo: share it with nobody, enter it only at kyo.tw.\n@iron-temple.kyo.tw #123456',
          sms: { encoding: 'GSM-7', length: 133, segments: 1 },
        },
      },
      createdAt: '2026-01-01T02:00:00.000Z',
      updatedAt: '2026-01-01T02:00:00.000Z',
    },
  });
export type OtpTemplate = z.infer<typeof otpTemplate>;

export const otpTemplatePage = z
  .object({ templates: z.array(otpTemplate), nextCursor: z.string().nullable() })
  .meta({ id: 'OtpTemplatePage' });

export const listOtpTemplatesQuery = z.object({
  channel: channel.optional(),
  purpose: otpPurpose.optional(),
  ...paging,
});
export type ListOtpTemplatesQuery = z.infer<typeof listOtpTemplatesQuery>;

export const locales = locale.options;

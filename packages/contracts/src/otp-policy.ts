import { z } from 'zod';
import { otpPurpose } from './otp.ts';

export const otpLimit = z
  .strictObject({ count: z.int().min(1).max(1_000_000), windowSeconds: z.int().min(1).max(86_400) })
  .meta({ id: 'OtpLimit', description: 'At most `count` in any `windowSeconds`' });

const codeSettings = z
  .strictObject({
    codeLength: z.int().min(4).max(10).meta({ description: 'Characters of a code' }),
    alphabet: z
      .string()
      .min(2)
      .max(36)
      .regex(/^[0-9A-Z]*$/, 'digits and capital letters')
      .meta({ description: 'Digits and capital letters, each once' }),
    lifetimeSeconds: z.int().min(30).max(600),
    attempts: z.int().min(1).max(100).meta({
      description: "Wrong codes of a recipient in the platform's window, no more than the platform's",
    }),
    sends: z.array(otpLimit).max(5).meta({ description: "Per recipient, beside the platform's own" }),
    resend: z.strictObject({
      waitSeconds: z.array(z.int().min(1).max(86_400)).min(1).max(10),
      windowSeconds: z.int().min(1).max(86_400),
    }),
  })
  .partial();

const countries = z
  .array(z.string().regex(/^[A-Z]{2}$/, 'a country (ISO 3166-1 alpha-2), such as JP'))
  .max(50);

/** An operator's word: SMS abroad are what fraud earns by. */
export const otpCountries = z
  .strictObject({
    countries: countries.meta({ description: 'Countries that the gym may choose, all of them' }),
  })
  .meta({ id: 'OtpCountries', example: { countries: ['JP', 'HK'] } });

/** What a tenant has set about its one-time passwords; what is absent is as the platform has it. */
export const otpSettings = codeSettings
  .extend({
    purposes: z
      .partialRecord(otpPurpose, codeSettings)
      .meta({ description: 'Other values for one purpose' })
      .optional(),
    countries: countries
      .meta({
        description:
          "Where SMS may go, beside the platform's home country; to each once an operator has approved it",
      })
      .optional(),
    blockedEmailDomains: z
      .array(
        z
          .string()
          .max(253)
          .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'a domain in lower case'),
      )
      .max(1_000)
      .meta({ description: 'Domains that get no code, subdomains included' })
      .optional(),
    tenantSends: otpLimit.meta({ description: 'Codes to all recipients of the tenant' }).optional(),
    monthlyMessages: z
      .int()
      .min(0)
      .max(10_000_000)
      .meta({ description: "Codes by SMS in a calendar month (UTC), up to the plan's budget" })
      .optional(),
  })
  .meta({
    id: 'OtpSettings',
    example: { lifetimeSeconds: 180, countries: ['JP', 'HK'], monthlyMessages: 500 },
  });
export type OtpSettings = z.infer<typeof otpSettings>;

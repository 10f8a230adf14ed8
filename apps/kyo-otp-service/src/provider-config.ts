import { z } from 'zod';

const text = z.string().min(1);
const price = z.coerce.number().min(0);
/** One or two: the preferred one, and the one for when it fails. */
const chain = <const P extends readonly [string, ...string[]]>(providers: P) =>
  z
    .string()
    .transform((list) => list.split(',').map((name) => name.trim()))
    .pipe(z.array(z.enum(providers)).min(1).max(2))
    .refine((list) => new Set(list).size === list.length, 'names a provider twice');

/** The environment of the providers of messages. */
export const providerVariables = {
  /** In order of preference, separated by a comma. `outbox` keeps messages for `/dev/outbox` and sends none. */
  KYO_SMS_PROVIDERS: chain(['aws', 'mitake', 'webhook', 'outbox']),
  KYO_EMAIL_PROVIDERS: chain(['ses', 'webhook', 'outbox']),
  KYO_AWS_REGION: text.default('ap-northeast-1'),
  /** Phone number, sender id, pool or their ARN. */
  KYO_AWS_SMS_ORIGINATION: text.optional(),
  KYO_AWS_SMS_CONFIGURATION_SET: text.optional(),
  KYO_AWS_SMS_MAX_PRICE_USD: z
    .string()
    .regex(/^\d{1,2}\.\d{1,5}$/, 'is no price such as 0.20')
    .default('0.20'),
  KYO_SES_FROM: text.optional(),
  KYO_SES_CONFIGURATION_SET: text.optional(),
  KYO_SES_PRICE_USD: price.optional(),
  KYO_MITAKE_URL: z.url({ protocol: /^https$/ }).default('https://smsapi.mitake.com.tw/api/mtk/'),
  KYO_MITAKE_USERNAME: text.optional(),
  KYO_MITAKE_PASSWORD: text.optional(),
  KYO_MITAKE_POINT_PRICE_TWD: price.optional(),
  /** Where this platform answers, for receipts: `https://kyo.example`. */
  KYO_PUBLIC_URL: z.url({ protocol: /^https$/ }).optional(),
  KYO_WEBHOOK_URL: z.url({ protocol: /^https$/ }).optional(),
  KYO_WEBHOOK_SECRET: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/]{32,}=*$/, 'is not whsec_ and at least 24 bytes in base64')
    .optional(),
};
export type ProviderConfig = z.infer<z.ZodObject<typeof providerVariables>>;

const needs = {
  aws: ['KYO_AWS_SMS_ORIGINATION'],
  ses: ['KYO_SES_FROM'],
  mitake: ['KYO_MITAKE_USERNAME', 'KYO_MITAKE_PASSWORD'],
  webhook: ['KYO_WEBHOOK_URL', 'KYO_WEBHOOK_SECRET'],
  outbox: [],
} as const satisfies Record<string, readonly (keyof ProviderConfig)[]>;

/** Adds what the chosen providers need: it is missed together with everything else that is wrong. */
export function requireProviders<S extends z.ZodObject>(schema: S): S {
  return schema.superRefine(
    (environment: unknown, context) => {
      const variables = environment as Partial<Record<string, unknown>>;
      const chosen = ['KYO_SMS_PROVIDERS', 'KYO_EMAIL_PROVIDERS'].flatMap((name) => {
        const list = variables[name];
        return Array.isArray(list) ? list : String(list).split(',');
      });
      for (const [provider, names] of Object.entries(needs)) {
        if (!chosen.includes(provider)) continue;
        for (const name of names) {
          if (variables[name] === undefined)
            context.addIssue({ code: 'custom', path: [name], message: `is needed by ${provider}` });
        }
      }
    },
    { when: () => true },
  );
}

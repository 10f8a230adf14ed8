import { json, serviceVariables } from '@kyong/service-kit';
import { z } from 'zod';

const text = z.string().min(1);
const price = z.coerce.number().min(0);
/** One or two: the preferred one, and the one for when it fails. */
const chain = <const P extends readonly [string, ...string[]]>(providers: P) =>
  z
    .string()
    .transform((list) => list.split(',').map((name) => name.trim()))
    .pipe(
      z
        .array(z.enum(providers, { error: unknownProvider }))
        .min(1)
        .max(2),
    )
    .refine((list) => new Set(list).size === list.length, 'names a provider twice');

function unknownProvider({ input }: { input?: unknown }): string | undefined {
  return input === 'outbox'
    ? 'outbox sends nothing and shows the codes: it is for the laptop, which asks for no provider'
    : undefined;
}

/** What a stack puts into a secret that an operator fills in later. */
const unfilled = '{}';
const account = z.object({ username: text, password: text });
const mitakeAccount = z.string().transform((value, context) => {
  if (value === unfilled) return null;
  const parsed = json.pipe(account).safeParse(value);
  if (parsed.success) return parsed.data;
  context.addIssue({ code: 'custom', message: 'is not {"username": "…", "password": "…"}' });
  return z.NEVER;
});

/** The environment of the providers of messages. What is null is a secret that is still to be filled in. */
export const providerVariables = {
  /** In order of preference, separated by a comma. */
  KYO_SMS_PROVIDERS: chain(['aws', 'mitake', 'webhook']),
  KYO_EMAIL_PROVIDERS: chain(['ses', 'webhook']),
  KYO_AWS_REGION: serviceVariables.KYO_AWS_REGION,
  /** Phone number, sender id, pool or their ARN. */
  KYO_AWS_SMS_ORIGINATION: text.optional(),
  KYO_AWS_SMS_CONFIGURATION_SET: text.optional(),
  KYO_AWS_SMS_MAX_PRICE_USD: z
    .string()
    .regex(/^\d{1,2}\.\d{1,5}$/, 'is no price such as 0.20')
    .default('0.20'),
  /** Where AWS says what became of messages: the one subscription that is confirmed. */
  KYO_AWS_RECEIPTS_TOPIC: z
    .string()
    .regex(/^arn:aws:sns:[a-z\d-]{1,30}:\d{12}:[\w-]{1,256}$/, 'is no ARN of a topic')
    .optional(),
  KYO_SES_FROM: text.optional(),
  KYO_SES_CONFIGURATION_SET: text.optional(),
  KYO_SES_PRICE_USD: price.optional(),
  KYO_MITAKE_URL: z.url({ protocol: /^https$/ }).default('https://smsapi.mitake.com.tw/api/mtk/'),
  KYO_MITAKE_ACCOUNT: mitakeAccount.optional(),
  KYO_MITAKE_POINT_PRICE_TWD: price.optional(),
  /** Where this platform answers, for receipts: `https://kyo.example`. */
  KYO_PUBLIC_URL: z.url({ protocol: /^https$/ }).optional(),
  KYO_WEBHOOK_URL: z.url({ protocol: /^https$/ }).optional(),
  KYO_WEBHOOK_SECRET: z
    .string()
    .regex(/^whsec_[A-Za-z0-9+/]{32,}=*$/, 'is not whsec_ and at least 24 bytes in base64')
    .optional(),
  /** Secret key of Cloudflare Turnstile; with it an SMS asks for proof of a person. */
  KYO_TURNSTILE_SECRET: text.transform((value) => (value === unfilled ? null : value)).optional(),
};
export type ProviderConfig = z.infer<z.ZodObject<typeof providerVariables>>;

const needs = {
  aws: ['KYO_AWS_SMS_ORIGINATION'],
  ses: ['KYO_SES_FROM'],
  mitake: ['KYO_MITAKE_ACCOUNT'],
  webhook: ['KYO_WEBHOOK_URL', 'KYO_WEBHOOK_SECRET'],
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
      if (variables.KYO_MITAKE_ACCOUNT === null && String(variables.KYO_SMS_PROVIDERS) === 'mitake') {
        const message = 'is still to be filled in (npm run fill-secret), and nothing else sends SMS';
        context.addIssue({ code: 'custom', path: ['KYO_MITAKE_ACCOUNT'], message });
      }
    },
    { when: () => true },
  );
}

/** The variables whose secret an operator has still to fill in. */
export function unfilledSecrets(config: object): string[] {
  return Object.entries(config).flatMap(([name, value]) => (value === null ? [name] : []));
}

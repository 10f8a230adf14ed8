import { json, serviceVariables } from '@kyong/service-kit';
import { z } from 'zod';
import { providerVariables, requireProviders } from './provider-config.ts';

const signingKey = z.object({
  kid: z.string().min(1),
  privateJwk: z.object({
    kty: z.literal('OKP'),
    crv: z.literal('Ed25519'),
    x: z.string().min(1),
    d: z.string().min(1),
  }),
  createdAt: z.iso.datetime(),
  retired: z.boolean().exactOptional(),
});

/** Addresses and their codes. */
const testNumbers = z.record(z.string(), z.string().regex(/^[0-9A-Z]{4,10}$/, 'must be a code'));

/** The environment of this service. */
const variables = z.object({
  KYO_STAGE: z.enum(['dev', 'prod']).default('prod'),
  ...serviceVariables,
  KYO_MASTER_DATABASE_CONNECTIONS: z.coerce.number().int().min(1).max(200).default(10),
  /** 32 bytes in base64url. */
  KYO_OTP_SECRET: z
    .string()
    .regex(/^[\w-]{43}$/, 'is not 32 bytes in base64url')
    .transform((text) => Buffer.from(text, 'base64url')),
  /** Earlier values of the same, separated by commas, until what was made under them is gone. */
  KYO_OTP_PREVIOUS_SECRETS: z
    .string()
    .regex(/^([\w-]{43}(,[\w-]{43})*)?$/, 'is not a list of 32 bytes in base64url')
    .transform((text) => (text === '' ? [] : text.split(',').map((part) => Buffer.from(part, 'base64url'))))
    .default([]),
  /** A JSON array, see `SigningKey`. */
  KYO_SIGNING_KEYS: json.pipe(z.array(signingKey).min(1)),
  /** ARNs of the AWS identities that are operators, separated by commas; `*` at the end stands for all that begin so. */
  KYO_OPERATORS: z
    .string()
    .regex(/^(arn:aws:(iam|sts)::\d{12}:[^,*]+\*?(,|$))*$/, 'must be a list of ARNs of identities')
    .transform((text) => text.split(',').filter(Boolean))
    .default([]),
  /** Where AWS is, as for its SDKs. */
  AWS_ENDPOINT_URL: z.url().optional(),
  /** A JSON object: addresses that are sent nothing, and the code that is always theirs. Not in production. */
  KYO_OTP_TEST_NUMBERS: json.pipe(testNumbers).default({}),
  KYO_OTP_LOG_DAYS: z.coerce.number().int().min(1).max(3650).default(90),
  ...providerVariables,
});
/** Fixed codes would let anybody in who knows them: where people are, there are none. */
export const configSchema = requireProviders(variables).superRefine((config, context) => {
  if (config.KYO_STAGE === 'prod' && Object.keys(config.KYO_OTP_TEST_NUMBERS).length > 0)
    context.addIssue({ code: 'custom', path: ['KYO_OTP_TEST_NUMBERS'], message: 'is not for production' });
});

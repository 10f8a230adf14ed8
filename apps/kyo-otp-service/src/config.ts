import { redisConnectionOf } from '@kyong/redis';
import { json, login } from '@kyong/service-kit';
import { z } from 'zod';
import { providerVariables, requireProviders } from './provider-config.ts';

const port = z.coerce.number().int().min(1).max(65_535);

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
const testNumbers = z.record(z.string(), z.string().regex(/^[0-9A-Z]{4,10}$/, 'is no code'));

/** The environment of this service. */
const variables = z.object({
  KYO_STAGE: z.enum(['dev', 'prod']).default('prod'),
  KYO_PORT: port.default(3000),
  /** How long a load balancer is given to notice that this instance goes: its health checks' interval times their count. */
  KYO_DRAIN_SECONDS: z.coerce.number().min(0).max(90).default(10),
  KYO_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  KYO_REDIS_URL: z.url({ protocol: /^rediss?$/ }).transform(redisConnectionOf),
  /** Unless it is in the URL. */
  KYO_REDIS_LOGIN: login.optional(),
  /** How many replicas of a primary have a code before it is answered for. Without replicas 0, or nobody gets in. */
  KYO_REDIS_CONFIRMING_REPLICAS: z.coerce.number().int().min(0).max(5).default(1),
  KYO_MASTER_DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  /** Unless it is in the URL. */
  KYO_MASTER_DATABASE_LOGIN: login.optional(),
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
  KYO_TOKEN_ISSUER: z.url(),
  KYO_TOKEN_AUDIENCE: z.string().min(1),
  /** ARNs of the AWS identities that are operators, separated by commas; `*` at the end stands for all that begin so. */
  KYO_OPERATORS: z
    .string()
    .regex(/^(arn:aws:(iam|sts)::\d{12}:[^,*]+\*?(,|$))*$/, 'is no list of ARNs of identities')
    .transform((text) => text.split(',').filter(Boolean))
    .default([]),
  /** Where AWS is, as for its SDKs. */
  AWS_ENDPOINT_URL: z.url().optional(),
  KYO_TRUSTED_PROXIES: z.coerce.number().int().min(0).max(5).default(0),
  /** A JSON object: addresses that are sent nothing, and the code that is always theirs. Not in production. */
  KYO_OTP_TEST_NUMBERS: json.pipe(testNumbers).default({}),
  /** Certificates of the authority that signs those of the databases (PEM); without it a connection is in the clear. */
  KYO_DATABASE_CA: z.string().startsWith('-----BEGIN CERTIFICATE-----').optional(),
  /** What the names of our secrets in Secrets Manager begin with. */
  KYO_SECRETS_PREFIX: z
    .string()
    .regex(/^[\w/+=.@-]+$/, 'is no beginning of a name of a secret')
    .default('kyo/'),
  KYO_OTP_LOG_DAYS: z.coerce.number().int().min(1).max(3650).default(90),
  ...providerVariables,
});
/** Fixed codes would let anybody in who knows them: where people are, there are none. */
export const configSchema = requireProviders(variables).superRefine((config, context) => {
  if (config.KYO_STAGE === 'prod' && Object.keys(config.KYO_OTP_TEST_NUMBERS).length > 0)
    context.addIssue({ code: 'custom', path: ['KYO_OTP_TEST_NUMBERS'], message: 'is not for production' });
});
export type Config = z.infer<typeof configSchema>;

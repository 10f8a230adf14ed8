import { redisConnectionOf } from '@kyong/otp/adapters/redis';
import { z } from 'zod';

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

const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'is not JSON' });
    return z.NEVER;
  }
});

/** The environment of this service. */
export const configSchema = z.object({
  KYO_PORT: port.default(3000),
  KYO_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  KYO_REDIS_URL: z.url({ protocol: /^rediss?$/ }).transform(redisConnectionOf),
  KYO_MASTER_DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  KYO_MASTER_DATABASE_CONNECTIONS: z.coerce.number().int().min(1).max(200).default(10),
  /** 32 bytes in base64url. */
  KYO_OTP_SECRET: z
    .string()
    .regex(/^[\w-]{43}$/, 'is not 32 bytes in base64url')
    .transform((text) => Buffer.from(text, 'base64url')),
  /** A JSON array, see `SigningKey`. */
  KYO_SIGNING_KEYS: json.pipe(z.array(signingKey).min(1)),
  KYO_TOKEN_ISSUER: z.url(),
  KYO_TOKEN_AUDIENCE: z.string().min(1),
  KYO_TRUSTED_PROXIES: z.coerce.number().int().min(0).max(5).default(0),
  /** `outbox` keeps messages for `/dev/outbox` and sends none. */
  KYO_MESSAGE_SENDER: z.enum(['outbox']),
});
export type Config = z.infer<typeof configSchema>;

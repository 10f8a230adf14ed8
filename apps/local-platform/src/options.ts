import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';

/** The command line or the environment is not what it should be; the message says what would be. */
export class UsageError extends Error {
  override name = 'UsageError';
}

export const usage = `Usage: npm start -- [options]

  --port N              port of http://localhost (8080)
  --host ADDRESS        answer to other machines too, on this address of ours and by any name
  --data-dir DIR        where everything is kept (.kyo)
  --shared-servers N    servers for shared tenants, which can be moved between them (1)
  --warm-servers N      servers kept ready for the next dedicated tenants (0)
  --warm-databases N    databases kept ready for the next shared tenants (0)
  --no-dashboard        do not serve the start page
  --offboard-grace N    seconds in which a tenant that was offboarded can come back (120)
  --limits production   all rate limits apply, those by IP address to loopback too

Environment:
  KYO_MASTER_DATABASE_URL   a PostgreSQL server of yours for the master database
  KYO_WEBHOOK_URL, KYO_WEBHOOK_SECRET
                            where tenants' events go, and the key they are signed with (whsec_…)
  KYO_REDIS_URL             a Redis (7 or newer, cluster mode) of yours`;

const warmSize = (most: number) =>
  z.coerce.number('a number').int('a whole number').min(0, 'from 0').max(most, `at most ${most}`).default(0);

const schema = z
  .object({
    port: z.coerce
      .number('a number')
      .int('a whole number')
      .min(1, 'from 1')
      .max(65_535, 'at most 65535')
      .default(8080),
    host: z.union([z.ipv4(), z.ipv6()], 'an IP address, such as 0.0.0.0').optional(),
    'data-dir': z.string().min(1, 'a folder').default('.kyo'),
    'shared-servers': z.coerce
      .number('a number')
      .int('a whole number')
      .min(1, 'from 1')
      .max(9, 'at most 9')
      .default(1),
    'warm-servers': warmSize(20),
    'warm-databases': warmSize(1000),
    dashboard: z.boolean().default(true),
    'offboard-grace': z.coerce
      .number('a number')
      .int('a whole number of seconds')
      .min(0, 'from 0')
      .max(31_536_000, 'at most a year')
      .default(120),
    limits: z.enum(['development', 'production'], 'development or production').default('development'),
    KYO_MASTER_DATABASE_URL: z
      .url({ protocol: /^postgres(ql)?$/, error: 'postgresql://user:password@host:port/database' })
      .optional(),
    KYO_REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'redis://:password@host:port' }).optional(),
    KYO_WEBHOOK_URL: z.url({ protocol: /^https?$/, error: 'http(s)://host/path' }).optional(),
    KYO_WEBHOOK_SECRET: z
      .string()
      .regex(/^whsec_[A-Za-z0-9+/]{32,}=*$/, 'whsec_ and at least 24 bytes in base64')
      .optional(),
  })
  .refine(
    (options) => (options.KYO_WEBHOOK_URL === undefined) === (options.KYO_WEBHOOK_SECRET === undefined),
    {
      path: ['KYO_WEBHOOK_SECRET'],
      error: 'set together with KYO_WEBHOOK_URL, or neither',
    },
  );

export interface PlatformOptions {
  port: number;
  /** The address to answer on; the loopback ones without it. */
  host: string | undefined;
  dataDirectory: string;
  sharedServers: number;
  warmServers: number;
  warmDatabases: number;
  dashboard: boolean;
  productionLimits: boolean;
  offboardGraceSeconds: number;
  masterDatabaseUrl: string | undefined;
  redisUrl: string | undefined;
  webhook: { url: string; secret: string } | undefined;
}

/** @throws {UsageError} with all faults at once and never a value, which may be a password. */
export function parseOptions(
  args: string[],
  environment: Record<string, string | undefined>,
): PlatformOptions {
  const result = schema.safeParse({ ...environment, ...parse(args) });
  if (!result.success) {
    const faults = result.error.issues.map(({ path: [name = ''], message }) => {
      return `${String(name).startsWith('KYO_') ? '' : '--'}${String(name)} must be ${message}.`;
    });
    throw new UsageError(`${faults.join('\n')}\n\n${usage}`);
  }
  const { port, dashboard, limits, KYO_WEBHOOK_URL: url, KYO_WEBHOOK_SECRET: secret } = result.data;
  return {
    port,
    host: result.data.host,
    dataDirectory: resolve(result.data['data-dir']),
    sharedServers: result.data['shared-servers'],
    warmServers: result.data['warm-servers'],
    warmDatabases: result.data['warm-databases'],
    dashboard,
    productionLimits: limits === 'production',
    offboardGraceSeconds: result.data['offboard-grace'],
    masterDatabaseUrl: result.data.KYO_MASTER_DATABASE_URL,
    redisUrl: result.data.KYO_REDIS_URL,
    webhook: url !== undefined && secret !== undefined ? { url, secret } : undefined,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowNegative: true,
      options: {
        port: { type: 'string' },
        host: { type: 'string' },
        'data-dir': { type: 'string' },
        'shared-servers': { type: 'string' },
        'warm-servers': { type: 'string' },
        'warm-databases': { type: 'string' },
        dashboard: { type: 'boolean' },
        limits: { type: 'string' },
        'offboard-grace': { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${usage}`);
  }
}

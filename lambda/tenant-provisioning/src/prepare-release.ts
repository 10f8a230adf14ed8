import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { createSigningKey } from '@kyong/identity/adapters/signing-key';
import { migrate, withConnection } from '@kyong/postgres';
import {
  ensureProgramLogin,
  grantToPrograms,
  masterMigrations,
  type Program,
} from '@kyong/tenancy/adapters/master-database';
import type { z } from 'zod';
import { masterEndpoint, readCredentials } from './composition.ts';
import type { prepareConfig } from './config.ts';

export type PrepareConfig = z.output<typeof prepareConfig>;

/** The master user's way in. */
export async function adminOf(config: PrepareConfig) {
  const { username: user, password } = await readCredentials(config.KYO_MASTER_DATABASE_ADMIN_SECRET);
  return { ...masterEndpoint(config), user, password };
}

export const loginsOf = ({ KYO_MASTER_DATABASE_LOGINS }: PrepareConfig) =>
  Object.entries(KYO_MASTER_DATABASE_LOGINS).map(([program, login]) => ({
    program: program as Program,
    ...login,
  }));

/** The newest schema, the programs' roles with their rights and bounds, and a first signing key. Safe to repeat. */
export async function prepareRelease(
  config: PrepareConfig,
): Promise<{ version: string; applied: string[]; signingKeyMade: boolean }> {
  const admin = await adminOf(config);
  const { version, applied } = await withConnection(admin, async (client) => {
    const migrated = await migrate(client, masterMigrations);
    await grantToPrograms(client, admin.database);
    for (const { program, secret, connectionLimit } of loginsOf(config)) {
      const { username: name, password } = await readCredentials(secret);
      await ensureProgramLogin(client, admin.database, program, { name, password, connectionLimit });
    }
    return migrated;
  });
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

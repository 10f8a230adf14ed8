import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { withConnection } from '@kyong/postgres';
import { beginRotation, endRotation, type KeptLogin } from '@kyong/tenancy/adapters/master-database';
import { z } from 'zod';
import { loginSeconds, readCredentials } from './composition.ts';
import { adminOf, loginsOf, type PrepareConfig } from './prepare-release.ts';

/** What an operator's command asks for. */
export const rotationRequest = z.object({ rotate: z.enum(['begin', 'end']) });

/** Longer than a function remembers a login, and leaves a connection idle: what is older belongs to one that is frozen. */
const quietSeconds = 2 * loginSeconds + 30;

/** `begin` answers with the programs that have a new login, `end` with those that still use the one they had. */
export async function rotateLogins(
  { rotate }: z.output<typeof rotationRequest>,
  config: PrepareConfig,
): Promise<string[]> {
  const secrets = new SecretsManagerClient({});
  const logins = loginsOf(config).map(
    ({ secret, ...login }): KeptLogin => ({
      ...login,
      read: () => readCredentials(secret),
      write: async (value) => {
        await secrets.send(
          new PutSecretValueCommand({ SecretId: secret, SecretString: JSON.stringify(value) }),
        );
      },
    }),
  );
  const admin = await adminOf(config);
  return withConnection(admin, (client) =>
    rotate === 'begin'
      ? beginRotation(client, admin.database, logins)
      : endRotation(client, admin.database, logins, quietSeconds),
  );
}

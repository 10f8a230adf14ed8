import { randomBytes } from 'node:crypto';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  GetSecretValueCommand,
  paginateListSecrets,
  ResourceExistsException,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { SecretStore } from '../ports.ts';

export interface SecretsManagerOptions {
  region: string;
  /** What every name begins with: `kyo/prod/`. Policies of roles are written for it. */
  prefix: string;
  /** The key that encrypts new secrets; the account's `aws/secretsmanager` without one. */
  kmsKeyId?: string;
  /** On every new secret beside `kyo:managed`: its stage, whatever bills and policies go by. */
  tags?: Record<string, string>;
  /** Another address than that of the region, for tests and emulators. */
  endpoint?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string };
}

const secretBytes = 32;

/** Secrets in AWS Secrets Manager, each a random password that nobody ever chose. */
export function secretsManager(options: SecretsManagerOptions): SecretStore {
  const { region, prefix, kmsKeyId, tags, endpoint, credentials } = options;
  const client = new SecretsManagerClient({
    region,
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials && { credentials }),
  });
  const nameOf = (ref: string) => `${prefix}${ref}`;

  const read = async (ref: string): Promise<string> => {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: nameOf(ref) }));
    if (SecretString === undefined) throw new Error(`The secret ${nameOf(ref)} holds no text.`);
    return SecretString;
  };

  return {
    read,

    async ensure(ref) {
      try {
        return await read(ref);
      } catch (error) {
        if (!(error instanceof ResourceNotFoundException)) throw error;
      }
      const secret = randomBytes(secretBytes).toString('base64url');
      try {
        await client.send(
          new CreateSecretCommand({
            Name: nameOf(ref),
            SecretString: secret,
            // The same when the client sends it again: a lost reply makes no second version.
            ClientRequestToken: randomBytes(secretBytes).toString('hex'),
            Tags: Object.entries({ 'kyo:managed': 'true', ...tags }).map(([Key, Value]) => ({ Key, Value })),
            ...(kmsKeyId !== undefined && { KmsKeyId: kmsKeyId }),
          }),
        );
        return secret;
      } catch (error) {
        // Somebody else was first: theirs holds.
        if (error instanceof ResourceExistsException) return read(ref);
        throw error;
      }
    },

    async delete(ref) {
      try {
        // At once: a name that waits for its deletion cannot be used by the next tenant of that name. What it opened, a
        // role in a database, goes with it or is given a new password.
        await client.send(
          new DeleteSecretCommand({ SecretId: nameOf(ref), ForceDeleteWithoutRecovery: true }),
        );
      } catch (error) {
        if (!(error instanceof ResourceNotFoundException)) throw error;
      }
    },

    async list(tenantId) {
      const refs: string[] = [];
      const name = nameOf(tenantId === undefined ? 'tenants/' : `tenants/${tenantId}/`);
      const Filters = [{ Key: 'name' as const, Values: [name] }];
      for await (const page of paginateListSecrets({ client }, { Filters })) {
        for (const { Name = '', DeletedDate } of page.SecretList ?? []) {
          // The filter knows words and no letters: `tenants/gym` finds `tenants/gym-2` as well.
          if (Name.startsWith(name) && !DeletedDate) refs.push(Name.slice(prefix.length));
        }
      }
      return refs;
    },
  };
}

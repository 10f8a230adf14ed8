import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import type { AdminConnection } from '../../ports.ts';
import type { DatabaseReservation } from '../../tenant.ts';
import { findOwnInstance } from './instance.ts';
import type { RdsOptions } from './options.ts';

/** The master user's way in. RDS rotates the password every seven days: it is read each time, and kept nowhere. */
export async function masterConnection(
  reservation: DatabaseReservation,
  options: RdsOptions,
): Promise<AdminConnection> {
  const instance = await findOwnInstance(reservation, options);
  const { Address: host, Port: port } = instance?.Endpoint ?? {};
  const secretArn = instance?.MasterUserSecret?.SecretArn;
  if (!host || !port || !secretArn) {
    throw new Error(`Instance ${reservation.instanceId} has no address or no master secret yet.`);
  }
  const { SecretString } = await options.secretsManager.send(
    new GetSecretValueCommand({ SecretId: secretArn }),
  );
  return {
    host,
    port,
    ...credentials(SecretString),
    database: reservation.databaseName,
    ssl: { ca: options.certificateAuthority.certificates },
  };
}

/** Of a secret RDS manages: JSON with `username` and `password`. The message never shows what was there. */
function credentials(secret: string | undefined): { user: string; password: string } {
  try {
    const { username, password }: Record<string, unknown> = JSON.parse(secret ?? '');
    if (typeof username === 'string' && typeof password === 'string') return { user: username, password };
  } catch {
    // Not JSON: the same fault for whoever reads the message. The parser's own would quote the secret.
  }
  throw new Error('The master secret is not what RDS writes: expected JSON with username and password.');
}

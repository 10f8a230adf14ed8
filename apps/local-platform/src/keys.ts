import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServerError } from '@kyong/embedded-servers';
import {
  createSigningKey,
  loadSigningKeys,
  type SigningKey,
  type SigningKeys,
} from '@kyong/identity/adapters/signing-keys';
import { OtpKeys } from '@kyong/otp';
import type { SecretStore } from '@kyong/tenancy';
import { type DataDirectory, writeAtomically } from './data-directory.ts';

export const tokens = { issuer: 'http://localhost/kyo', audience: 'kyo' };

export interface PlatformKeys {
  signing: SigningKeys;
  otp: OtpKeys;
}

/** The platform's own secrets, made at the first start. On AWS they are in Secrets Manager. */
export async function ensureKeys(
  directory: DataDirectory,
  secrets: SecretStore,
  now: () => Date,
): Promise<PlatformKeys> {
  const file = join(directory.secrets, 'signing-keys.json');
  if (!existsSync(file)) writeAtomically(file, JSON.stringify([await createSigningKey(now())]));
  const secret = Buffer.from(await secrets.ensure('platform/otp'), 'base64url');
  try {
    const keys = JSON.parse(readFileSync(file, 'utf8')) as SigningKey[];
    return { signing: await loadSigningKeys(keys, { ...tokens, now }), otp: new OtpKeys(secret) };
  } catch {
    throw new ServerError(
      `The keys in ${directory.secrets} are damaged. Put them back from a copy; or delete the folder: everybody has to sign in again.`,
    );
  }
}

import { accessTokenSeconds, scopes } from '@kyong/contracts';
import type { TokenSigner } from './ports.ts';

/** Knows who stands behind a proof of another identity. */
export interface OperatorIdentities {
  /** @returns the name of an operator; undefined when the proof proves nothing, or somebody else. */
  identify(proof: string): Promise<string | undefined>;
}

export interface OperatorAccess {
  /** Who they are, as the audit names them. */
  subject: string;
  accessToken: string;
  expiresIn: number;
}

/** A platform administrator's token in exchange for a proof: as short as everybody's, and gone with what proves. */
export async function admitOperator(
  signer: TokenSigner,
  identities: OperatorIdentities,
  proof: string,
): Promise<OperatorAccess | undefined> {
  const subject = await identities.identify(proof);
  if (subject === undefined) return undefined;
  const claims = { sub: subject, roles: ['platform_admin' as const], scope: scopes.operator };
  return {
    subject,
    accessToken: await signer.sign(claims, accessTokenSeconds),
    expiresIn: accessTokenSeconds,
  };
}

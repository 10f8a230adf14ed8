import { randomUUID } from 'node:crypto';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { scopes } from '@kyong/contracts';
import { importJWK, SignJWT } from 'jose';
import { z } from 'zod';
import { CommandFailed, exitCodes } from './failure.ts';
import type { Target } from './target.ts';

/** Longer than any command that watches something. */
const tokenLifetime = '3h';

const signingKeys = z
  .array(
    z.object({
      kid: z.string(),
      privateJwk: z.object({ kty: z.string(), crv: z.string(), x: z.string(), d: z.string() }),
      createdAt: z.iso.datetime(),
      retired: z.boolean().optional(),
    }),
  )
  .min(1);

/**
 * A stage on AWS, in the account and region that this machine's credentials are for. Who may read the stage's signing keys
 * is its operator: the token is made here, for hours, and names the AWS identity it was made by, as the audit will.
 * @throws {CommandFailed} when the stage is not there, or is none of this identity's.
 */
export async function findStage(stage: string): Promise<Target> {
  try {
    const outputs = await outputsOf(`kyo-${stage}-edge`);
    const identity = await new STSClient().send(new GetCallerIdentityCommand());
    const secret = await new SecretsManagerClient().send(
      new GetSecretValueCommand({ SecretId: outputs.SigningKeys }),
    );
    const keys = signingKeys.parse(JSON.parse(secret.SecretString ?? ''));
    return {
      url: outputs.Url,
      token: await sign(keys, outputs, identity.Arn ?? 'an operator'),
      remedy: `Look at the alarms of ${stage}.`,
    };
  } catch (error) {
    const { name, message } = error as Error;
    throw new CommandFailed(
      `The stage ${stage} cannot be reached with these AWS credentials (${name}: ${message}). ` +
        'Check AWS_PROFILE and AWS_REGION, and whether it is deployed: `npm run deploy -- -c stage=…`.',
      exitCodes.unreachable,
    );
  }
}

const stageOutputs = z.object({
  Url: z.url(),
  /** ARN of the secret with the keys that tokens are signed with. */
  SigningKeys: z.string(),
  TokenIssuer: z.string(),
  TokenAudience: z.string(),
});

/** Whether there is a stage to ask at all; where that cannot be known, there is none. */
export async function stageIsDeployed(stage: string): Promise<boolean> {
  return outputsOf(`kyo-${stage}-edge`).then(
    () => true,
    () => false,
  );
}

async function outputsOf(stackName: string): Promise<z.infer<typeof stageOutputs>> {
  const { Stacks = [] } = await new CloudFormationClient().send(
    new DescribeStacksCommand({ StackName: stackName }),
  );
  const outputs = Stacks[0]?.Outputs ?? [];
  return stageOutputs.parse(Object.fromEntries(outputs.map((each) => [each.OutputKey, each.OutputValue])));
}

/** The oldest key that is not retired: every verifier knows it by now. */
async function sign(
  keys: z.infer<typeof signingKeys>,
  { TokenIssuer, TokenAudience }: z.infer<typeof stageOutputs>,
  subject: string,
): Promise<string> {
  const [key] = keys
    .filter(({ retired }) => !retired)
    .sort((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt));
  if (!key) throw new RangeError('every signing key is retired');
  return new SignJWT({ roles: ['platform_admin'], scope: scopes.operator })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: key.kid })
    .setIssuer(TokenIssuer)
    .setAudience(TokenAudience)
    .setSubject(subject)
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime(tokenLifetime)
    .sign(await importJWK(key.privateJwk, 'EdDSA'));
}

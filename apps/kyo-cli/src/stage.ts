import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { operatorAccess, routes } from '@kyong/contracts';
import { z } from 'zod';
import { proveIdentity } from './aws-proof.ts';
import { CommandFailed, exitCodes } from './failure.ts';
import type { Target } from './target.ts';

const requestTimeoutMilliseconds = 15_000;
/** A request takes less. */
const renewBeforeMilliseconds = 60_000;

const stageOutputs = z.object({
  Url: z.url(),
  /** What a proof of an identity is made for. */
  TokenIssuer: z.string(),
});
type StageOutputs = z.infer<typeof stageOutputs>;

/**
 * A stage on AWS, in the account and region that this machine's credentials are for. The stage gives an operator's token, for a
 * quarter of an hour, to the AWS identities that its configuration names, and writes down which.
 * @throws {CommandFailed} when the stage is not there, or this identity is none of its operators.
 */
export async function findStage(stage: string): Promise<Target> {
  const outputs = await outputsOf(`kyo-${stage}-edge`).catch(({ name, message }: Error) => {
    throw new CommandFailed(
      `The stage ${stage} cannot be reached with these AWS credentials (${name}: ${message}). ` +
        'Check AWS_PROFILE and AWS_REGION, and whether it is deployed: `npm run deploy -- -c stage=…`.',
      exitCodes.unreachable,
    );
  });
  const remedy = `Look at the alarms of ${stage}.`;
  let access = await exchange(stage, outputs, remedy);
  return {
    url: outputs.Url,
    remedy,
    async token() {
      if (Date.now() > access.goodUntil) access = await exchange(stage, outputs, remedy);
      return access.token;
    },
  };
}

/** Whether there is a stage to ask at all; where that cannot be known, there is none. */
export async function stageIsDeployed(stage: string): Promise<boolean> {
  return outputsOf(`kyo-${stage}-edge`).then(
    () => true,
    () => false,
  );
}

async function outputsOf(stackName: string): Promise<StageOutputs> {
  const { Stacks = [] } = await new CloudFormationClient().send(
    new DescribeStacksCommand({ StackName: stackName }),
  );
  const outputs = Stacks[0]?.Outputs ?? [];
  return stageOutputs.parse(Object.fromEntries(outputs.map((each) => [each.OutputKey, each.OutputValue])));
}

async function exchange(stage: string, { Url, TokenIssuer }: StageOutputs, remedy: string) {
  const { method, path } = routes.exchangeOperatorProof;
  const response = await fetch(new URL(path, Url), {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ proof: await proveIdentity(TokenIssuer) }),
    signal: AbortSignal.timeout(requestTimeoutMilliseconds),
  }).catch(() => {
    throw new CommandFailed(`Kyo does not answer at ${Url}. ${remedy}`, exitCodes.unreachable);
  });
  if (response.status === 401) {
    throw new CommandFailed(
      `This AWS identity is no operator of ${stage}. Who is one: \`operators\` in infrastructure/config/${stage}.ts.`,
    );
  }
  if (!response.ok) throw new CommandFailed(`Kyo answers ${response.status} at ${Url}. ${remedy}`);
  const { accessToken, expiresIn } = operatorAccess.parse(await response.json());
  return { token: accessToken, goodUntil: Date.now() + expiresIn * 1000 - renewBeforeMilliseconds };
}

import {
  CloudFormationClient,
  DescribeStackResourceCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  type Credentials,
  STSClient,
} from '@aws-sdk/client-sts';
import type { EmulatedCloud } from './deployment.ts';

export interface RoleCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
}

/** Credentials of a role in a stack, as the service gets them that assumes it. */
export async function credentialsOf(
  { emulator, region }: EmulatedCloud,
  stackName: string,
  logicalId: string,
): Promise<RoleCredentials> {
  const client = { endpoint: emulator.url, region, credentials: emulator.credentials };
  const { StackResourceDetail } = await new CloudFormationClient(client).send(
    new DescribeStackResourceCommand({ StackName: stackName, LogicalResourceId: logicalId }),
  );
  const { Credentials } = await new STSClient(client).send(
    new AssumeRoleCommand({
      RoleArn: `arn:aws:iam::${emulator.accountId}:role/${StackResourceDetail?.PhysicalResourceId}`,
      RoleSessionName: logicalId.slice(0, 64),
    }),
  );
  return asOptions(Credentials);
}

/** Those that a workflow gets with its token, by the output that names its role. The emulator does not verify who signed it. */
export async function githubCredentials(
  { emulator, region }: EmulatedCloud,
  output: 'BuildRole' | 'DeployRole' | 'DiffRole',
  subject: string,
): Promise<RoleCredentials> {
  const client = { endpoint: emulator.url, region, credentials: emulator.credentials };
  const { Stacks } = await new CloudFormationClient(client).send(
    new DescribeStacksCommand({ StackName: 'kyo-dev-github' }),
  );
  const claims = {
    iss: 'https://token.actions.githubusercontent.com',
    aud: 'sts.amazonaws.com',
    sub: subject,
  };
  const token = [{ alg: 'none' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const { Credentials } = await new STSClient(client).send(
    new AssumeRoleWithWebIdentityCommand({
      RoleArn: Stacks?.[0]?.Outputs?.find(({ OutputKey }) => OutputKey === output)?.OutputValue,
      RoleSessionName: 'workflow',
      WebIdentityToken: `${token.join('.')}.`,
    }),
  );
  return asOptions(Credentials);
}

const asOptions = ({
  AccessKeyId = '',
  SecretAccessKey = '',
  SessionToken = '',
}: Partial<Credentials> = {}) => ({
  accessKeyId: AccessKeyId,
  secretAccessKey: SecretAccessKey,
  sessionToken: SessionToken,
});

import { CloudFormationClient, DescribeStackResourceCommand } from '@aws-sdk/client-cloudformation';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
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
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
}

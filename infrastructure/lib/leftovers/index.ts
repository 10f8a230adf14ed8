import type { BackupClient } from '@aws-sdk/client-backup';
import type { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import type { RDSClient } from '@aws-sdk/client-rds';
import type { S3Client } from '@aws-sdk/client-s3';
import {
  DeleteSecretCommand,
  paginateListSecrets,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { DeleteParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import type { Stage } from '../../config/index.ts';
import { releaseParameterOf, secretsPrefixOf } from '../constructs/names.ts';
import { deleteTenantServers, deleteTenantSnapshots } from './databases.ts';
import { emptyContainers } from './stack-contents.ts';

export interface AccountClients {
  backup: BackupClient;
  cloudFormation: CloudFormationClient;
  rds: RDSClient;
  s3: S3Client;
  secretsManager: SecretsManagerClient;
  ssm: SSMClient;
}

/**
 * Takes away what a stage made while it ran, and what would keep its stacks from going: servers, snapshots and secrets of
 * tenants, the list of releases, what is in buckets and vaults. Answers with what it was.
 * @throws {RangeError} for a stage that keeps its data.
 */
export async function removeLeftovers(
  stage: Stage,
  stacks: readonly string[],
  clients: AccountClients,
): Promise<string[]> {
  if (stage.keepsData) {
    throw new RangeError(
      `${stage.name} keeps its data: nothing is taken away. Offboard its tenants, then delete by hand what you mean.`,
    );
  }
  return [
    ...(await deleteTenantServers(stage, clients.rds)),
    ...(await deleteTenantSnapshots(stage, clients.rds)),
    ...(await deleteTenantSecrets(stage, clients.secretsManager)),
    ...(await deleteReleases(stage, clients.ssm)),
    ...(await emptyContainers(stacks, clients)),
  ];
}

async function deleteTenantSecrets(stage: Stage, secretsManager: SecretsManagerClient): Promise<string[]> {
  const deleted: string[] = [];
  const filter = { Filters: [{ Key: 'name' as const, Values: [secretsPrefixOf(stage)] }] };
  for await (const { SecretList = [] } of paginateListSecrets({ client: secretsManager }, filter)) {
    for (const { Name } of SecretList) {
      await secretsManager.send(
        new DeleteSecretCommand({ SecretId: Name, ForceDeleteWithoutRecovery: true }),
      );
      deleted.push(`secret ${Name}`);
    }
  }
  return deleted;
}

async function deleteReleases(stage: Stage, ssm: SSMClient): Promise<string[]> {
  const Name = releaseParameterOf(stage);
  try {
    await ssm.send(new DeleteParameterCommand({ Name }));
    return [`parameter ${Name}`];
  } catch (error) {
    if ((error as Error).name === 'ParameterNotFound') return [];
    throw error;
  }
}

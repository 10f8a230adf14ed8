import type { RDSClient } from '@aws-sdk/client-rds';
import {
  DeleteSecretCommand,
  paginateListSecrets,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { DeleteParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import type { Stage } from '../../config/index.ts';
import { releaseParameterOf, secretsPrefixOf } from '../constructs/names.ts';
import { deleteTenantServers, deleteTenantSnapshots } from './databases.ts';

export interface AccountClients {
  rds: RDSClient;
  secretsManager: SecretsManagerClient;
  ssm: SSMClient;
}

/**
 * Takes away what a stage made while it ran, and no stack has: servers, snapshots and secrets of tenants, the list of
 * releases. Answers with what it was.
 * @throws {RangeError} for a stage that keeps its data.
 */
export async function removeLeftovers(stage: Stage, clients: AccountClients): Promise<string[]> {
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

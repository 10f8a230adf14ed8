import { type CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import {
  DeleteDBInstanceCommand,
  ModifyDBInstanceCommand,
  paginateDescribeDBInstances,
  type RDSClient,
} from '@aws-sdk/client-rds';
import {
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  type ObjectIdentifier,
  type S3Client,
} from '@aws-sdk/client-s3';
import {
  DeleteSecretCommand,
  paginateListSecrets,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { Stage } from '../config/index.ts';
import { secretsPrefixOf } from './constructs/names.ts';

export interface AccountClients {
  cloudFormation: CloudFormationClient;
  rds: RDSClient;
  s3: S3Client;
  secretsManager: SecretsManagerClient;
}

/**
 * Takes away what a stage made while it ran, and what would keep its stacks from going: servers and secrets of tenants,
 * objects in buckets. Answers with what it was. @throws {RangeError} for a stage that keeps its data.
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
    ...(await deleteTenantServers(stage, clients)),
    ...(await deleteTenantSecrets(stage, clients)),
    ...(await emptyBuckets(stacks, clients)),
  ];
}

/** Those that bear our tags; stacks delete their own. */
async function deleteTenantServers({ name }: Stage, { rds }: AccountClients): Promise<string[]> {
  const deleted: string[] = [];
  for await (const { DBInstances = [] } of paginateDescribeDBInstances({ client: rds }, {})) {
    for (const { DBInstanceIdentifier, DBInstanceStatus, DeletionProtection, TagList = [] } of DBInstances) {
      const tags = new Map(TagList.map(({ Key, Value }) => [Key, Value]));
      if (
        tags.get('kyo:managed') !== 'true' ||
        tags.get('kyo:stage') !== name ||
        DBInstanceStatus === 'deleting'
      )
        continue;
      if (DeletionProtection) {
        const change = { DBInstanceIdentifier, DeletionProtection: false, ApplyImmediately: true };
        await rds.send(new ModifyDBInstanceCommand(change));
      }
      await rds.send(
        new DeleteDBInstanceCommand({
          DBInstanceIdentifier,
          SkipFinalSnapshot: true,
          DeleteAutomatedBackups: true,
        }),
      );
      deleted.push(`database server ${DBInstanceIdentifier}`);
    }
  }
  return deleted;
}

async function deleteTenantSecrets(stage: Stage, { secretsManager }: AccountClients): Promise<string[]> {
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

/** CloudFormation deletes no bucket with something in it. */
async function emptyBuckets(
  stacks: readonly string[],
  { cloudFormation, s3 }: AccountClients,
): Promise<string[]> {
  const emptied: string[] = [];
  for (const StackName of stacks) {
    for await (const page of paginateListStackResources({ client: cloudFormation }, { StackName })) {
      for (const { ResourceType, PhysicalResourceId: Bucket } of page.StackResourceSummaries ?? []) {
        if (ResourceType !== 'AWS::S3::Bucket' || !Bucket) continue;
        // Page by page: what was listed is gone when the next page is asked for.
        for (
          let objects = await versionsIn(Bucket, s3);
          objects.length > 0;
          objects = await versionsIn(Bucket, s3)
        ) {
          await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: objects, Quiet: true } }));
          emptied.push(`${objects.length} objects of ${Bucket}`);
        }
      }
    }
  }
  return emptied;
}

async function versionsIn(Bucket: string, s3: S3Client): Promise<ObjectIdentifier[]> {
  const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
  return [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
}

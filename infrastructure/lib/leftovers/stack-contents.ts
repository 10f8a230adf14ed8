import { setTimeout as sleep } from 'node:timers/promises';
import {
  type BackupClient,
  DeleteRecoveryPointCommand,
  paginateListRecoveryPointsByBackupVault,
} from '@aws-sdk/client-backup';
import { type CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import {
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  type ObjectIdentifier,
  type S3Client,
} from '@aws-sdk/client-s3';

const pollSeconds = 2;
/** A backup of a database is gone within seconds. */
const vaultWithinSeconds = 600;

export interface ContainerClients {
  cloudFormation: CloudFormationClient;
  s3: S3Client;
  backup: BackupClient;
}

/** CloudFormation deletes no bucket and no vault with something in it. A stack that is not there has none. */
export async function emptyContainers(stack: string, clients: ContainerClients): Promise<string[]> {
  const emptied: string[] = [];
  for (const { type, id } of await resourcesIn(stack, clients.cloudFormation)) {
    const count =
      type === 'AWS::S3::Bucket'
        ? await emptyBucket(id, clients.s3)
        : type === 'AWS::Backup::BackupVault'
          ? await emptyVault(id, clients.backup)
          : 0;
    if (count > 0) emptied.push(`${count} ${type === 'AWS::S3::Bucket' ? 'objects' : 'backups'} of ${id}`);
  }
  return emptied;
}

/** What a stack is made of, and still there. */
export async function resourcesIn(
  StackName: string,
  client: CloudFormationClient,
): Promise<{ type: string; id: string }[]> {
  const found: { type: string; id: string }[] = [];
  try {
    for await (const { StackResourceSummaries = [] } of paginateListStackResources({ client }, { StackName }))
      for (const { ResourceType = '', PhysicalResourceId, ResourceStatus } of StackResourceSummaries)
        if (PhysicalResourceId && ResourceStatus !== 'DELETE_COMPLETE')
          found.push({ type: ResourceType, id: PhysicalResourceId });
  } catch (error) {
    if ((error as Error).name !== 'ValidationError') throw error;
  }
  return found;
}

/** Page by page: what was listed is gone when the next page is asked for. */
async function emptyBucket(Bucket: string, s3: S3Client): Promise<number> {
  let count = 0;
  for (
    let objects = await versionsIn(Bucket, s3);
    objects.length > 0;
    objects = await versionsIn(Bucket, s3)
  ) {
    await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: objects, Quiet: true } }));
    count += objects.length;
  }
  return count;
}

async function versionsIn(Bucket: string, s3: S3Client): Promise<ObjectIdentifier[]> {
  const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
  return [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
}

/** Answers when the backups are gone. @throws {Error} when some stay. */
async function emptyVault(BackupVaultName: string, client: BackupClient): Promise<number> {
  const asked = new Set<string>();
  for (let waitedSeconds = 0; ; waitedSeconds += pollSeconds) {
    let left = 0;
    const pages = paginateListRecoveryPointsByBackupVault({ client }, { BackupVaultName });
    for await (const { RecoveryPoints = [] } of pages) {
      for (const { RecoveryPointArn = '' } of RecoveryPoints) {
        left += 1;
        if (asked.has(RecoveryPointArn)) continue;
        await client.send(new DeleteRecoveryPointCommand({ BackupVaultName, RecoveryPointArn }));
        asked.add(RecoveryPointArn);
      }
    }
    if (left === 0) return asked.size;
    if (waitedSeconds >= vaultWithinSeconds)
      throw new Error(`${left} backups of ${BackupVaultName} are still there: try again in a while.`);
    await sleep(pollSeconds * 1000);
  }
}

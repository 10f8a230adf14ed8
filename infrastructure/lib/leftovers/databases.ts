import {
  DeleteDBInstanceCommand,
  DeleteDBSnapshotCommand,
  ModifyDBInstanceCommand,
  paginateDescribeDBInstances,
  paginateDescribeDBSnapshots,
  type RDSClient,
  type Tag,
  waitUntilDBInstanceDeleted,
} from '@aws-sdk/client-rds';
import type { Stage } from '../../config/index.ts';

/** RDS takes 5 to 15 minutes. */
const deletion = { maxWaitTime: 45 * 60, minDelay: 2, maxDelay: 20 };

/**
 * Those that bear our tags; stacks delete their own. Answers when they are gone: their subnets and security groups cannot go
 * before.
 */
export async function deleteTenantServers(stage: Stage, rds: RDSClient): Promise<string[]> {
  const deleted: string[] = [];
  for await (const { DBInstances = [] } of paginateDescribeDBInstances({ client: rds }, {})) {
    for (const { DBInstanceIdentifier = '', DBInstanceStatus, DeletionProtection, TagList } of DBInstances) {
      if (!isTenants(TagList, stage)) continue;
      deleted.push(DBInstanceIdentifier);
      if (DBInstanceStatus === 'deleting') continue;
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
    }
  }
  for (const DBInstanceIdentifier of deleted)
    await waitUntilDBInstanceDeleted({ client: rds, ...deletion }, { DBInstanceIdentifier });
  return deleted.map((id) => `database server ${id}`);
}

/** The last snapshots of tenants that have left, which nobody else would ever delete. */
export async function deleteTenantSnapshots(stage: Stage, rds: RDSClient): Promise<string[]> {
  const deleted: string[] = [];
  const manual = { SnapshotType: 'manual' };
  for await (const { DBSnapshots = [] } of paginateDescribeDBSnapshots({ client: rds }, manual)) {
    for (const { DBSnapshotIdentifier, TagList } of DBSnapshots) {
      if (!isTenants(TagList, stage)) continue;
      await rds.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier }));
      deleted.push(`snapshot ${DBSnapshotIdentifier}`);
    }
  }
  return deleted;
}

function isTenants(tags: Tag[] = [], { name }: Stage): boolean {
  const value = new Map(tags.map(({ Key, Value }) => [Key, Value]));
  return value.get('kyo:managed') === 'true' && value.get('kyo:stage') === name;
}

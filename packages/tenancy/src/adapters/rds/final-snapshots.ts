import { paginateDescribeDBSnapshots } from '@aws-sdk/client-rds';
import { ownerOf, removeResource } from './list.ts';
import { isFinalSnapshot } from './names.ts';
import type { RdsOptions } from './options.ts';

/** Deletes the last snapshots of this stage's servers that are older. */
export async function endFinalSnapshots(before: Date, options: RdsOptions): Promise<string[]> {
  const ended: string[] = [];
  const { rds: client, stage } = options;
  for await (const page of paginateDescribeDBSnapshots({ client }, { SnapshotType: 'manual' })) {
    for (const { DBSnapshotIdentifier: name, SnapshotCreateTime, TagList } of page.DBSnapshots ?? []) {
      const tenantId = ownerOf(TagList, stage);
      if (tenantId === undefined || !name || !isFinalSnapshot(name)) continue;
      if (!SnapshotCreateTime || SnapshotCreateTime >= before) continue;
      await removeResource({ kind: 'snapshot', name, tenantId }, options);
      ended.push(name);
    }
  }
  return ended;
}

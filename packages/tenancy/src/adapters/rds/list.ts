import {
  DBSnapshotNotFoundFault,
  DeleteDBSnapshotCommand,
  paginateDescribeDBInstances,
  paginateDescribeDBSnapshots,
  type Tag,
} from '@aws-sdk/client-rds';
import type { Resource } from '../../resource.ts';
import { destroyInstance } from './destroy.ts';
import type { RdsOptions } from './options.ts';

/** Everything of tenants in this account and region that carries this stage's tags: instances, and snapshots we asked for. */
export async function listResources(
  { rds: client, stage }: RdsOptions,
  tenantId?: string,
): Promise<Resource[]> {
  const found: Resource[] = [];
  const add = (kind: Resource['kind'], name: string | undefined, tags: Tag[] | undefined) => {
    const owner = ownerOf(tags, stage);
    if (name === undefined || owner === undefined) return;
    if (tenantId === undefined || owner === tenantId) found.push({ kind, name, tenantId: owner });
  };
  for await (const { DBInstances = [] } of paginateDescribeDBInstances({ client }, {})) {
    for (const instance of DBInstances) add('server', instance.DBInstanceIdentifier, instance.TagList);
  }
  for await (const page of paginateDescribeDBSnapshots({ client }, { SnapshotType: 'manual' })) {
    for (const snapshot of page.DBSnapshots ?? [])
      add('snapshot', snapshot.DBSnapshotIdentifier, snapshot.TagList);
  }
  return found;
}

/** The tenant our tags name, or undefined for what is not ours or of another stage. */
export function ownerOf(tags: Tag[] = [], stage: string): string | undefined {
  const values = new Map(tags.map(({ Key, Value }) => [Key, Value]));
  if (values.get('kyo:managed') !== 'true' || values.get('kyo:stage') !== stage) return undefined;
  return values.get('kyo:tenant');
}

/** Deletes what `listResources` has found. An instance leaves a last snapshot: somebody may miss what is in it. */
export async function removeResource({ kind, name, tenantId }: Resource, options: RdsOptions): Promise<void> {
  if (kind === 'snapshot') {
    await options.rds
      .send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: name }))
      .catch((error: unknown) => {
        if (!(error instanceof DBSnapshotNotFoundFault)) throw error;
      });
    return;
  }
  await destroyInstance({ instanceId: name, tenantId, plan: 'basic' }, 'offboard', options);
}

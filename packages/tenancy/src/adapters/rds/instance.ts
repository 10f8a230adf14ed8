import {
  AddTagsToResourceCommand,
  type DBInstance,
  DBInstanceNotFoundFault,
  DescribeDBInstancesCommand,
} from '@aws-sdk/client-rds';
import type { DatabaseReservation } from '../../tenant.ts';
import type { RdsOptions } from './options.ts';

/** What of a reservation an instance is known by. */
export type InstanceOwner = Pick<DatabaseReservation, 'instanceId' | 'tenantId' | 'plan' | 'warmId'>;

/** On everything we create: whose it is, and which stage's. */
export function tagsOf({ tenantId, plan }: InstanceOwner, stage: string): { Key: string; Value: string }[] {
  return Object.entries({
    'kyo:managed': 'true',
    'kyo:stage': stage,
    'kyo:tenant': tenantId,
    'kyo:plan': plan,
  }).map(([Key, Value]) => ({ Key, Value }));
}

/** Whether it was created for this tenant by this stage, or is the warm one it takes over. The plan may have changed since. */
export function isOwn({ TagList = [] }: DBInstance, reservation: InstanceOwner, stage: string): boolean {
  const { tenantId, warmId = tenantId } = reservation;
  return [tenantId, warmId].some((owner) =>
    tagsOf({ ...reservation, tenantId: owner }, stage)
      .filter(({ Key }) => Key !== 'kyo:plan')
      .every((tag) => TagList.some(({ Key, Value }) => Key === tag.Key && Value === tag.Value)),
  );
}

/** Says of the instance whose it is, and of which plan. */
export async function tagInstance(
  { DBInstanceArn }: DBInstance,
  reservation: InstanceOwner,
  { rds, stage }: RdsOptions,
): Promise<void> {
  await rds.send(
    new AddTagsToResourceCommand({ ResourceName: DBInstanceArn, Tags: tagsOf(reservation, stage) }),
  );
}

/** The instance of this name, whosever it is. */
export async function findInstance(
  { instanceId }: InstanceOwner,
  { rds }: RdsOptions,
): Promise<DBInstance | undefined> {
  try {
    const command = new DescribeDBInstancesCommand({ DBInstanceIdentifier: instanceId });
    const { DBInstances } = await rds.send(command);
    return DBInstances?.[0];
  } catch (error) {
    if (error instanceof DBInstanceNotFoundFault) return undefined;
    throw error;
  }
}

/** The tenant's instance. Somebody else's under its name is as good as none: we never look inside, nor delete it. */
export async function findOwnInstance(
  reservation: InstanceOwner,
  options: RdsOptions,
): Promise<DBInstance | undefined> {
  const instance = await findInstance(reservation, options);
  return instance && isOwn(instance, reservation, options.stage) ? instance : undefined;
}

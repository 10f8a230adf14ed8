import { type DBInstance, DBInstanceNotFoundFault, DescribeDBInstancesCommand } from '@aws-sdk/client-rds';
import { OperationRefused } from '../../operation.ts';
import type { InstanceWish } from '../../ports.ts';
import type { DatabaseReservation } from '../../tenant.ts';

import type { RdsOptions } from './options.ts';

/** What of a reservation an instance is known by. */
export type InstanceOwner = Pick<DatabaseReservation, 'instanceId' | 'tenantId' | 'plan'>;

/** 1 to 63 letters, digits and hyphens; a letter first, no hyphen last or doubled (CreateDBInstance, AWS API reference). */
const identifierPattern = /^(?=.{1,63}$)[a-z](?:-?[a-z0-9])*$/;

export function instanceIdentifier(stage: string, { tenantId, label }: InstanceWish): string {
  const identifier = ['kyo', stage, label, tenantId].filter(Boolean).join('-');
  if (!identifierPattern.test(identifier)) {
    throw new OperationRefused(
      'A database server cannot have this name: expected lower-case letters, digits and single hyphens. Choose another one.',
    );
  }
  return identifier;
}

/** On everything we create. IAM lets the platform touch nothing without them. */
export function tagsOf({ tenantId, plan }: InstanceOwner, stage: string): { Key: string; Value: string }[] {
  return Object.entries({
    'kyo:managed': 'true',
    'kyo:stage': stage,
    'kyo:tenant': tenantId,
    'kyo:plan': plan,
  }).map(([Key, Value]) => ({ Key, Value }));
}

/** Whether it was created for this tenant by this stage. The plan may have changed since. */
export function isOwn({ TagList = [] }: DBInstance, reservation: InstanceOwner, stage: string): boolean {
  return tagsOf(reservation, stage)
    .filter(({ Key }) => Key !== 'kyo:plan')
    .every((tag) => TagList.some(({ Key, Value }) => Key === tag.Key && Value === tag.Value));
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

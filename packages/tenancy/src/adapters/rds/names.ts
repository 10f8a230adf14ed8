import type { DBInstance } from '@aws-sdk/client-rds';
import { OperationRefused } from '../../operation.ts';
import type { InstanceWish } from '../../ports.ts';

/**
 * What the names of a stage's tenant servers begin with, and those of their snapshots, and no other name: the platform's own
 * servers are called after their stack (`kyo-dev-data-…`), and a stage's name has no hyphen. IAM lets the control plane change
 * what is called so, and nothing else.
 */
export const namePrefixOf = (stage: string): string => `kyo-${stage}-t-`;

/** 1 to 63 letters, digits and hyphens; a letter first, no hyphen last or doubled (CreateDBInstance, AWS API reference). */
const identifierPattern = /^(?=.{1,63}$)[a-z](?:-?[a-z0-9])*$/;

export function instanceIdentifier(stage: string, { tenantId, label }: InstanceWish): string {
  const identifier = namePrefixOf(stage) + [label, tenantId].filter(Boolean).join('-');
  if (!identifierPattern.test(identifier)) {
    throw new OperationRefused(
      'A database server cannot have this name: expected lower-case letters, digits and single hyphens. Choose another one.',
    );
  }
  return identifier;
}

/** In the names of snapshots that a deletion leaves, and of none that an operator takes of a server that goes on. */
const mark = '-final-';

/** RDS's own id of the instance is in it: the next one of this name gets a snapshot of its own. */
export function finalSnapshotOf({ DBInstanceIdentifier, DbiResourceId = '' }: DBInstance): string {
  return `${DBInstanceIdentifier}${mark}${DbiResourceId.toLowerCase()}`;
}

export const isFinalSnapshot = (name: string): boolean => name.includes(mark);

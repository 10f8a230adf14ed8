import {
  DBInstanceAutomatedBackupNotFoundFault,
  DescribeDBInstanceAutomatedBackupsCommand,
} from '@aws-sdk/client-rds';
import type { RestorableWindow } from '../../ports.ts';
import type { RdsOptions } from './options.ts';

/** What RDS can restore of an instance: its end is some five minutes ago. Undefined before the first backup. */
export async function instanceWindow(
  instanceId: string,
  { rds }: RdsOptions,
): Promise<RestorableWindow | undefined> {
  const command = new DescribeDBInstanceAutomatedBackupsCommand({ DBInstanceIdentifier: instanceId });
  const backups = await rds.send(command).catch((error: unknown) => {
    if (error instanceof DBInstanceAutomatedBackupNotFoundFault) return undefined;
    throw error;
  });
  // Backups of former instances of this name may be kept as well; `active` is that of the one there is.
  const backup = backups?.DBInstanceAutomatedBackups?.find(({ Status }) => Status === 'active');
  const { EarliestTime: from, LatestTime: until } = backup?.RestoreWindow ?? {};
  return from && until && { from, until };
}

import {
  DBInstanceAutomatedBackupNotFoundFault,
  DescribeDBInstanceAutomatedBackupsCommand,
  type RDSClient,
} from '@aws-sdk/client-rds';
import type { DatabaseHost, RestorableWindow } from '../../ports.ts';

/** What RDS can restore of an instance: its end is some five minutes ago. Undefined before the first backup. */
export async function instanceWindow(
  instanceId: string,
  { rds }: { rds: RDSClient },
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

/** What RDS says of the backups of any instance, a tenant's own or the shared one, without a way into it. */
export function rdsBackups(rds: RDSClient): Pick<DatabaseHost, 'restorableWindow'> {
  return { restorableWindow: ({ instanceId }) => instanceWindow(instanceId, { rds }) };
}

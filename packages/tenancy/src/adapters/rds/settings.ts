import type { Plan } from '@kyong/contracts';
import { databaseWindows } from '../../database-windows.ts';
import { plans } from '../../plan.ts';
import type { RdsOptions } from './options.ts';

/** What every instance of ours has, whether it is made new or out of a backup. */
export function instanceSettings(options: RdsOptions) {
  return {
    AutoMinorVersionUpgrade: true,
    // Unless asked not to, RDS enrols the instance in Extended Support, which costs more than the instance.
    EngineLifecycleSupport: 'open-source-rds-extended-support-disabled',
    // Below 400 GiB gp3 has its fixed 3,000 operations a second, and asking for any is an error.
    StorageType: 'gp3',
    CACertificateIdentifier: options.certificateAuthority.identifier,
    DBParameterGroupName: options.parameterGroupName,
    DBSubnetGroupName: options.subnetGroupName,
    VpcSecurityGroupIds: options.securityGroupIds,
    PubliclyAccessible: false,
    CopyTagsToSnapshot: true,
  };
}

/** What a tenant's own instance has by its plan. */
export function planSettings(name: Plan) {
  const plan = plans[name];
  return {
    DBInstanceClass: plan.instanceClass,
    MultiAZ: plan.multiAz,
    MaxAllocatedStorage: plan.maxAllocatedStorageGibibytes,
    BackupRetentionPeriod: plan.backupRetentionDays,
    DeletionProtection: plan.deletionProtection,
  };
}

/** RDS takes them when an instance is made new or changed, and not when it is made out of a backup. */
export const windowSettings = {
  PreferredBackupWindow: databaseWindows.backup,
  PreferredMaintenanceWindow: databaseWindows.maintenance,
};

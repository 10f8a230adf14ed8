import type { Properties } from '../templates.ts';
import type { InputRule } from './input-rule.ts';
import { windowOf } from './time-windows.ts';
import { isFetched, outside } from './values.ts';

const type = 'AWS::RDS::DBInstance';
/** Under this size RDS for PostgreSQL gives gp3 its baseline, and takes no other (RDS guide, "gp3 storage"). */
const gp3ThresholdGibibytes = 400;
const highestIops = 64_000;
const reservedUsers = ['admin', 'rdsadmin', 'rds_superuser', 'rdsrepladmin', 'public'];
const reservedDatabases = ['db', 'rdsadmin', 'template0', 'template1'];
const shortestWindowMinutes = 30;

const about = (
  name: string,
  fault: Properties,
  refuses: (properties: Properties) => string | false | undefined,
): InputRule => ({ name, type, refuses, fault });

export const rdsInput: InputRule[] = [
  about(
    'small databases have the speed that comes with gp3',
    { StorageType: 'gp3', AllocatedStorage: '50', Iops: 6_000 },
    ({ StorageType, AllocatedStorage, Iops, StorageThroughput }) =>
      (StorageType === 'gp3' &&
        Number(AllocatedStorage) < gp3ThresholdGibibytes &&
        (Iops !== undefined || StorageThroughput !== undefined) &&
        "You can't specify IOPS or storage throughput for engine postgres and a storage size less than 400.") ||
      (outside(Iops, 3_000, highestIops) && `Invalid iops value: ${Iops}`),
  ),
  about(
    'databases may grow by a tenth at least',
    { AllocatedStorage: '100', MaxAllocatedStorage: 105 },
    ({ AllocatedStorage, MaxAllocatedStorage }) =>
      Number(MaxAllocatedStorage) < Number(AllocatedStorage) * 1.1 &&
      'Max storage size must be greater than the allocated storage by at least 10%',
  ),
  about(
    'databases are backed up outside their maintenance',
    { PreferredBackupWindow: '18:00-19:00', PreferredMaintenanceWindow: 'sat:18:30-sat:19:30' },
    ({ PreferredBackupWindow, PreferredMaintenanceWindow }) => {
      const backup = PreferredBackupWindow && windowOf(PreferredBackupWindow);
      const maintenance = PreferredMaintenanceWindow && windowOf(PreferredMaintenanceWindow);
      const short = [backup, maintenance].some((window) => window && window.minutes < shortestWindowMinutes);
      if (short) return `The window must be at least ${shortestWindowMinutes} minutes.`;
      return (
        backup &&
        maintenance &&
        backup.overlaps(maintenance) &&
        'The backup window and maintenance window must not overlap.'
      );
    },
  ),
  about(
    'databases and their owners have names that PostgreSQL leaves free',
    { MasterUsername: 'admin' },
    ({ DBName, MasterUsername }) => {
      if (reservedUsers.includes(MasterUsername))
        return `MasterUsername ${MasterUsername} cannot be used as it is a reserved word used by the engine`;
      return (
        DBName !== undefined &&
        (reservedDatabases.includes(DBName) || !/^[A-Za-z_]\w{0,62}$/.test(DBName)) &&
        `DBName ${DBName} cannot be used`
      );
    },
  ),
  about(
    "databases' passwords have no characters that RDS refuses",
    { MasterUserPassword: 'pass/word@1', ManageMasterUserPassword: undefined },
    ({ MasterUserPassword: password }) =>
      password !== undefined &&
      !isFetched(password) &&
      (/[/@"\s]/.test(password) || outside(password.length, 8, 128)) &&
      "The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides '/', '@', '\"', ' ' may be used.",
  ),
  about(
    'a password is either given to RDS or kept by it',
    { MasterUserPassword: 'a-password-of-ours', ManageMasterUserPassword: true },
    ({ MasterUserPassword, ManageMasterUserPassword }) =>
      ManageMasterUserPassword === true &&
      MasterUserPassword !== undefined &&
      'You cannot specify MasterUserPassword when ManageMasterUserPassword is enabled',
  ),
  about(
    'backups that RDS copies to another region have a key there',
    { AutomaticBackupReplicationRegion: 'ap-southeast-1', StorageEncrypted: true },
    ({ AutomaticBackupReplicationRegion, AutomaticBackupReplicationKmsKeyId, StorageEncrypted }) =>
      AutomaticBackupReplicationRegion &&
      StorageEncrypted === true &&
      !AutomaticBackupReplicationKmsKeyId &&
      'Encrypted instances require a valid KMS key ID',
  ),
  {
    name: 'parameters of databases are of the version of their engine',
    type,
    refuses: ({ EngineVersion, DBParameterGroupName }, { find }) => {
      const family = find(DBParameterGroupName)?.properties.Family;
      const [major] = String(EngineVersion).split('.');
      return (
        family !== undefined &&
        family !== `postgres${major}` &&
        `The parameter group with DBParameterGroupFamily ${family} can't be used for this instance.`
      );
    },
    fault: { EngineVersion: '18.3' },
  },
];

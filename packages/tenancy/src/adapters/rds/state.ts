import type { DBInstance } from '@aws-sdk/client-rds';
import type { DatabaseState } from '../../ports.ts';

/**
 * Statuses in which the database answers, whatever RDS does beside that.
 * All statuses: "Viewing Amazon RDS DB instance status", Amazon RDS User Guide.
 */
const answering = new Set([
  'available',
  'backing-up',
  'configuring-associated-roles',
  'configuring-enhanced-monitoring',
  'configuring-iam-database-auth',
  'configuring-log-exports',
  'modifying',
  'storage-config-upgrade',
  'storage-initialization',
  'storage-optimization',
]);

const remedy = 'An operator has to look into it; provision the tenant again afterwards.';

/** Statuses that waiting does not change, in the words the tenant's owner may read. */
const hopeless: Record<string, string> = {
  deleting: 'The database server is being deleted. Provision the tenant again in a quarter of an hour.',
  'delete-precheck':
    'The database server is being deleted. Provision the tenant again in a quarter of an hour.',
  failed: `The database server could not be created. ${remedy}`,
  'inaccessible-encryption-credentials': `The platform's encryption key cannot be used. ${remedy}`,
  'inaccessible-encryption-credentials-recoverable': `The platform's encryption key cannot be used. ${remedy}`,
  'incompatible-create': `The database server could not be created as asked. ${remedy}`,
  'incompatible-network': `The platform's database network has no room, or is not set up right. ${remedy}`,
  'incompatible-option-group': `The database server's options do not fit its version. ${remedy}`,
  'incompatible-parameters': `The database server's parameters do not fit its size. ${remedy}`,
  'incompatible-restore': `The database could not be restored. ${remedy}`,
  'insufficient-capacity':
    'AWS has no free server of this size at the moment. Provision the tenant again in an hour, or choose another plan.',
  'restore-error': `The database could not be restored. ${remedy}`,
  stopped: 'The database server is stopped. An operator has to start it.',
  stopping: 'The database server is stopped. An operator has to start it.',
  'storage-full': 'The database server has no storage left. An operator has to give it more.',
};

/** What RDS's description of an instance means to an operation. A status unknown here is waited out, within its bound. */
export function databaseState(instance: DBInstance): DatabaseState {
  const {
    DBInstanceStatus: status = 'creating',
    EngineVersion: engineVersion,
    Endpoint,
    MasterUserSecret,
  } = instance;
  const reason = hopeless[status];
  if (reason !== undefined) return { state: 'failed', reason };
  if (!answering.has(status)) return { state: 'creating', detail: `the database server is ${status}` };
  // All three may come later than the status.
  if (!Endpoint?.Address || !Endpoint.Port || !engineVersion) {
    return { state: 'creating', detail: 'the database server has no address yet' };
  }
  if (!MasterUserSecret?.SecretArn || MasterUserSecret.SecretStatus === 'creating') {
    return { state: 'creating', detail: 'the database server has no password yet' };
  }
  return { state: 'available', endpoint: { host: Endpoint.Address, port: Endpoint.Port, engineVersion } };
}

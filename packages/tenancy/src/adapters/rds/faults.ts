import {
  AuthorizationNotFoundFault,
  CertificateNotFoundFault,
  DBParameterGroupNotFoundFault,
  DBSubnetGroupDoesNotCoverEnoughAZs,
  DBSubnetGroupNotFoundFault,
  InstanceQuotaExceededFault,
  InsufficientDBInstanceCapacityFault,
  InvalidSubnet,
  InvalidVPCNetworkStateFault,
  KMSKeyNotAccessibleFault,
  NetworkTypeNotSupported,
  SnapshotQuotaExceededFault,
  StorageQuotaExceededFault,
  StorageTypeNotSupportedFault,
  VpcEncryptionControlViolationException,
} from '@aws-sdk/client-rds';
import { OperationRefused } from '../../operation.ts';

const network =
  "The platform's database network has no room, or is not set up right. An operator has to look into it.";

/**
 * Faults that the retries of one step (seconds) will not outlive, in the words the tenant's owner may read.
 * A lack of capacity does pass, but in hours: refused at once, nothing is left that costs.
 */
const refusals = [
  {
    faults: [InstanceQuotaExceededFault],
    reason:
      'The limit of database servers of the AWS account is reached. An operator has to raise "DB instances" of Amazon RDS in Service Quotas, or offboard a tenant.',
  },
  {
    faults: [StorageQuotaExceededFault],
    reason:
      'The limit of database storage of the AWS account is reached. An operator has to raise "Total storage for all DB instances" of Amazon RDS in Service Quotas, or offboard a tenant.',
  },
  {
    faults: [SnapshotQuotaExceededFault],
    reason:
      'The limit of snapshots of the AWS account is reached. An operator has to raise "Manual DB instance snapshots" of Amazon RDS in Service Quotas, or delete old ones.',
  },
  {
    faults: [InsufficientDBInstanceCapacityFault],
    reason:
      'AWS has no free server of this size at the moment. Provision the tenant again in an hour, or choose another plan.',
  },
  {
    faults: [
      DBSubnetGroupDoesNotCoverEnoughAZs,
      DBSubnetGroupNotFoundFault,
      InvalidSubnet,
      InvalidVPCNetworkStateFault,
      NetworkTypeNotSupported,
      VpcEncryptionControlViolationException,
    ],
    reason: network,
  },
  {
    faults: [KMSKeyNotAccessibleFault],
    reason: "The platform's encryption key cannot be used. An operator has to look into it.",
  },
  {
    faults: [
      AuthorizationNotFoundFault,
      CertificateNotFoundFault,
      DBParameterGroupNotFoundFault,
      StorageTypeNotSupportedFault,
    ],
    reason:
      'The platform asks RDS for something it does not have. An operator has to look into its configuration.',
  },
];

/** What trying again within the step cannot mend, or undefined for all that it may. */
export function refusalOf(error: unknown): OperationRefused | undefined {
  const refusal = refusals.find(({ faults }) => faults.some((Fault) => error instanceof Fault));
  return refusal && new OperationRefused(refusal.reason, { cause: error });
}

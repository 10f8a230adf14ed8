import type { EC2Client } from '@aws-sdk/client-ec2';
import type { RDSClient, RDSClientConfig } from '@aws-sdk/client-rds';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

export interface RdsOptions {
  rds: RDSClient;
  /** Tells how many addresses the subnets have left. */
  ec2: EC2Client;
  /** Reads the master secrets; RDS itself writes and rotates them. */
  secretsManager: SecretsManagerClient;
  /** Part of every instance's name and a tag of it: lower-case letters and digits, at most 15. */
  stage: string;
  postgresMajorVersion: number;
  /** The platform's key: for the storage, its snapshots and the master secret. */
  kmsKeyId: string;
  subnetGroupName: string;
  /** They let each other in at the databases' port: a tenant that changes its server is copied from one to the other. */
  securityGroupIds: [string, ...string[]];
  /** Of the major version, with `rds.logical_replication = 1`, which an instance has from its creation or by a restart. */
  parameterGroupName: string;
  certificateAuthority: {
    /** The one that signs the servers' certificates, such as `rds-ca-rsa2048-g1`. */
    identifier: string;
    /** RDS's bundle, PEM: https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem */
    certificates: string;
  };
  /** No instance is created that would use more than this share of an account's quota; 0.9 leaves room for restores. */
  quotaShare: number;
  deletion: {
    /** Between two looks; the first ones are nearer together, from a second on. */
    pollSeconds: number;
    /** One call waits no longer than this; RDS takes minutes, and the caller comes again. */
    waitAtMostSeconds: number;
  };
}

/**
 * How an RDS client of ours behaves when AWS throttles, fails or does not answer: six attempts, within about half a
 * minute (backoff with jitter); longer waits are the operation's own.
 */
export const rdsClientDefaults = {
  retryMode: 'standard',
  maxAttempts: 6,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000 },
} satisfies RDSClientConfig;

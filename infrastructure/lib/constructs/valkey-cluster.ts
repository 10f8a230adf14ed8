import { accessString, type UserName } from '@kyong/redis/users';
import { Fn, Names } from 'aws-cdk-lib';
import * as elasticache from 'aws-cdk-lib/aws-elasticache';
import type * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import type { Stage } from '../../config/index.ts';
import { type Firewall, ports } from './firewall.ts';
import { Login } from './login.ts';
import type { PlatformVpc } from './platform-vpc.ts';

type ValkeyClusterProps = Stage['cache'] & { vpc: PlatformVpc; firewall: Firewall; key: kms.IKey };

/** Valkey in cluster mode: TLS, a user for each service, as many shards and replicas as the stage says. */
export class ValkeyCluster extends Construct {
  /** `rediss://`, without a login. */
  readonly url: string;
  /** Who each service is there; a rotation gives the user a second password for a while. */
  readonly logins: Record<UserName, { userId: string; secret: Login }>;
  /** Metrics go by node: `<group>-0001-001` is the first node of the first shard (AWS: Finding a cluster's endpoints). */
  readonly nodeIds: string[];

  constructor(scope: Construct, id: string, props: ValkeyClusterProps) {
    super(scope, id);
    const { vpc, firewall, key, shards, replicasPerShard } = props;
    const loginOf = (name: UserName) => {
      const secret = new Login(this, `Login-${name}`, { username: name, key });
      const user = new elasticache.CfnUser(this, `User-${name}`, {
        engine: 'valkey',
        userId: this.#identifier(name),
        userName: name,
        accessString: accessString(name),
        authenticationMode: {
          Type: 'password',
          Passwords: [secret.secretValueFromJson('password').unsafeUnwrap()],
        },
      });
      return { userId: user.ref, secret };
    };
    this.logins = { otp: loginOf('otp'), collaboration: loginOf('collaboration') };
    const users = new elasticache.CfnUserGroup(this, 'Users', {
      engine: 'valkey',
      userGroupId: this.#identifier('users'),
      userIds: Object.values(this.logins).map(({ userId }) => userId),
    });
    const subnets = new elasticache.CfnSubnetGroup(this, 'Subnets', {
      description: 'Kyo: Valkey',
      subnetIds: vpc.selectSubnets(vpc.databaseSubnets).subnetIds,
    });
    const parameters = new elasticache.CfnParameterGroup(this, 'Parameters', {
      cacheParameterGroupFamily: 'valkey8',
      description: 'Kyo: Valkey',
      // Nothing in it may go just because memory is short: what does not fit is refused, and an alarm rings before.
      properties: { 'cluster-enabled': 'yes', 'maxmemory-policy': 'noeviction' },
    });
    const cluster = new elasticache.CfnReplicationGroup(this, 'Group', {
      replicationGroupDescription: 'Kyo: one-time passwords, limits, fan-out, update streams',
      engine: 'valkey',
      engineVersion: '8.2',
      cacheNodeType: props.nodeType,
      cacheParameterGroupName: parameters.ref,
      cacheSubnetGroupName: subnets.ref,
      securityGroupIds: [firewall.groupOf('cache', this).securityGroupId],
      port: ports.redis,
      clusterMode: 'enabled',
      numNodeGroups: shards,
      replicasPerNodeGroup: replicasPerShard,
      // Cluster mode demands it, even where there is nothing to fail over to.
      automaticFailoverEnabled: true,
      multiAzEnabled: replicasPerShard > 0,
      transitEncryptionEnabled: true,
      atRestEncryptionEnabled: true,
      kmsKeyId: key.keyArn,
      userGroupIds: [users.ref],
      autoMinorVersionUpgrade: true,
      snapshotRetentionLimit: props.snapshotDays,
      // Tokyo's night, apart from each other.
      snapshotWindow: '17:00-18:00',
      preferredMaintenanceWindow: 'sat:18:30-sat:19:30',
    });
    this.url = `rediss://${cluster.attrConfigurationEndPointAddress}:${ports.redis}`;
    this.nodeIds = nodeSuffixes(shards, replicasPerShard).map((suffix) => Fn.join('', [cluster.ref, suffix]));
  }

  /** Required, at most 40 characters, and unique in the account: of the stage's own. */
  #identifier(kind: string): string {
    return `${Names.uniqueResourceName(this, { maxLength: 26, separator: '-' })}-${kind}`.toLowerCase();
  }
}

function nodeSuffixes(shards: number, replicasPerShard: number): string[] {
  const shard = Array.from({ length: shards }, (_, index) => `-${String(index + 1).padStart(4, '0')}`);
  return shard.flatMap((name) =>
    Array.from(
      { length: replicasPerShard + 1 },
      (_, index) => `${name}-${String(index + 1).padStart(3, '0')}`,
    ),
  );
}

import { CfnOutput } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Stage } from '../../config/index.ts';
import { KyoStack } from '../constructs/kyo-stack.ts';
import { ValkeyCluster } from '../constructs/valkey-cluster.ts';
import type { DataStack } from './data.ts';
import type { NetworkStack } from './network.ts';

/** What is quick and short-lived: one-time passwords, limits, the fan-out of sockets. */
export class CacheStack extends KyoStack {
  readonly valkey: ValkeyCluster;

  constructor(scope: Construct, stage: Stage, { network, data }: { network: NetworkStack; data: DataStack }) {
    super(scope, 'cache', { stage, description: 'Valkey in cluster mode' });
    this.valkey = new ValkeyCluster(this, 'Valkey', {
      ...stage.cache,
      vpc: network.vpc,
      firewall: network.firewall,
      key: data.key,
    });
    const users = Object.values(this.valkey.logins).map(({ userId, secret }) => ({
      userId,
      secret: secret.secretArn,
    }));
    new CfnOutput(this, 'Users', { value: this.toJsonString(users) });
  }
}

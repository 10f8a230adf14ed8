import type { Construct } from 'constructs';
import type { Stage } from '../../config/index.ts';
import { Firewall } from '../constructs/firewall.ts';
import { KyoStack } from '../constructs/kyo-stack.ts';
import { PlatformVpc } from '../constructs/platform-vpc.ts';

/** Where everything is: three tiers in three zones, and who may talk to whom. */
export class NetworkStack extends KyoStack {
  readonly vpc: PlatformVpc;
  readonly firewall: Firewall;

  constructor(scope: Construct, stage: Stage) {
    super(scope, 'network', { stage, description: 'network in three tiers over three zones' });
    this.vpc = new PlatformVpc(this, 'Vpc', {
      ...stage.network,
      flowLogDays: stage.monitoring.logDays,
    });
    this.firewall = new Firewall(this, 'Firewall', { vpc: this.vpc });
  }
}

import { namePrefixOf } from '@kyong/tenancy/adapters/rds-names';
import { CfnOutput, Duration } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as destinations from 'aws-cdk-lib/aws-lambda-destinations';
import type { Construct } from 'constructs';
import type { Stage } from '../../config/index.ts';
import { ControlPlaneApi } from '../constructs/control-plane-api.ts';
import { ControlPlaneFunctions } from '../constructs/control-plane-functions.ts';
import { DeadLetterQueue } from '../constructs/dead-letter-queue.ts';
import { KyoStack } from '../constructs/kyo-stack.ts';
import { OperationMachine } from '../constructs/operation-machine.ts';
import type { DataStack } from './data.ts';
import type { NetworkStack } from './network.ts';

interface Neighbours {
  network: NetworkStack;
  data: DataStack;
  code: string;
}

/** The control plane: an API that records operations, a state machine that drives them, a sweep that forgets none. */
export class ProvisioningStack extends KyoStack {
  readonly api: ControlPlaneApi;
  readonly functions: ControlPlaneFunctions;
  readonly machine: OperationMachine;
  readonly deadLetters: DeadLetterQueue;

  constructor(scope: Construct, stage: Stage, { network, data, code }: Neighbours) {
    super(scope, 'provisioning', { stage, description: 'tenants and the operations on them' });
    const { logDays } = stage.monitoring;

    this.functions = new ControlPlaneFunctions(this, 'Functions', { stage, network, data, code });
    this.machine = new OperationMachine(this, 'Operations', { advance: this.functions.advance, logDays });
    this.functions.startWith(this.machine);
    this.api = new ControlPlaneApi(this, 'Api', {
      handler: this.functions.api,
      authorizer: this.functions.authorizer,
      limits: stage.api,
      logDays,
    });

    this.deadLetters = new DeadLetterQueue(this, 'DeadLetters');
    // Called without being waited for: who would learn that they failed? EventBridge's own queue has what it could not hand over.
    const onFailure = new destinations.SqsDestination(this.deadLetters);
    // The next minute's sweep makes good for it.
    this.functions.sweep.configureAsyncInvoke({ onFailure, retryAttempts: 0 });
    this.functions.instanceEvent.configureAsyncInvoke({ onFailure });
    const delivery = { deadLetterQueue: this.deadLetters, maxEventAge: Duration.hours(1), retryAttempts: 5 };
    new events.Rule(this, 'EveryMinute', {
      description: 'Gives a driver to operations that have none',
      schedule: events.Schedule.rate(Duration.minutes(1)),
      targets: [new targets.LambdaFunction(this.functions.sweep, delivery)],
    });
    new events.Rule(this, 'InstanceChanged', {
      description: 'Operations that wait for a database server look at once',
      eventPattern: {
        source: ['aws.rds'],
        detailType: ['RDS DB Instance Event'],
        detail: { SourceIdentifier: events.Match.prefix(namePrefixOf(stage.name)) },
      },
      targets: [new targets.LambdaFunction(this.functions.instanceEvent, delivery)],
    });
    new CfnOutput(this, 'ApiUrl', { value: this.api.url });
  }
}

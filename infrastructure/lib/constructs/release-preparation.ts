import type { prepareConfig } from '@kyong/tenant-provisioning/config';
import { CustomResource, Duration } from 'aws-cdk-lib';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { type LogDays, NodeFunction, type NodeFunctionProps } from './node-function.ts';
import { changeSecret, readSecret } from './secret-access.ts';
import { given, type VariablesOf } from './variables.ts';

const timeoutSeconds = 300;

export interface ReleasePreparationProps {
  code: string;
  network: NodeFunctionProps['network'];
  environment: VariablesOf<typeof prepareConfig>;
  /** Changes with what there is to prepare: the migrations. */
  digest: string;
  readable: ISecret[];
  writable: ISecret;
  logDays: LogDays;
}

/** Migrates the master database before anything of a release uses it: in the deployment, and it fails with it. */
export class ReleasePreparation extends Construct {
  constructor(scope: Construct, id: string, props: ReleasePreparationProps) {
    super(scope, id);
    const prepare = new NodeFunction(this, 'Prepare', {
      code: props.code,
      program: 'prepare',
      description: 'migrates the master database and makes its roles and first keys',
      environment: given(props.environment),
      timeoutSeconds,
      memoryMebibytes: 512,
      logDays: props.logDays,
      network: props.network,
    });
    for (const secret of props.readable) readSecret(prepare, secret);
    changeSecret(prepare, props.writable);
    new CustomResource(this, 'Prepared', {
      serviceToken: prepare.functionArn,
      resourceType: 'Custom::KyoRelease',
      serviceTimeout: Duration.seconds(timeoutSeconds),
      properties: { digest: props.digest },
    }).node.addDependency(prepare);
  }
}

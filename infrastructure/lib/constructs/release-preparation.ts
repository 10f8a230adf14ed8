import type { prepareConfig } from '@kyong/tenant-provisioning/config';
import { CustomResource, Duration, FileSystem, Stack } from 'aws-cdk-lib';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { type LogDays, NodeFunction, type NodeFunctionProps } from './node-function.ts';
import { changeSecret, readSecret } from './secret-access.ts';
import { given, type VariablesOf } from './variables.ts';

const timeoutSeconds = 300;

type Endpoint = Record<
  'KYO_MASTER_DATABASE_HOST' | 'KYO_MASTER_DATABASE_PORT' | 'KYO_MASTER_DATABASE_NAME',
  string
>;

export interface ReleasePreparationProps {
  code: string;
  network: NodeFunctionProps['network'];
  endpoint: Endpoint;
  adminSecret: ISecret;
  /** By program, as their bounds are. */
  logins: Record<string, ISecret>;
  connectionLimits: Record<string, number>;
  signingKeys: ISecret;
  logDays: LogDays;
}

/**
 * Migrates the master database, and brings its programs' roles to what they may do, before anything of a release uses it: in the
 * deployment, and it fails with it.
 */
export class ReleasePreparation extends Construct {
  readonly function: NodeFunction;

  constructor(scope: Construct, id: string, props: ReleasePreparationProps) {
    super(scope, id);
    const logins = Object.entries(props.logins).map(([program, { secretArn }]) => [
      program,
      { secret: secretArn, connectionLimit: props.connectionLimits[program] },
    ]);
    const environment: VariablesOf<typeof prepareConfig> = {
      ...props.endpoint,
      KYO_MASTER_DATABASE_ADMIN_SECRET: props.adminSecret.secretArn,
      KYO_MASTER_DATABASE_LOGINS: Stack.of(this).toJsonString(Object.fromEntries(logins)),
      KYO_SIGNING_KEYS_SECRET: props.signingKeys.secretArn,
    };
    this.function = new NodeFunction(this, 'Prepare', {
      code: props.code,
      program: 'prepare',
      description: 'migrates the master database, makes its roles and changes their passwords',
      environment: given(environment),
      timeoutSeconds,
      memoryMebibytes: 512,
      logDays: props.logDays,
      network: props.network,
    });
    readSecret(this.function, props.adminSecret);
    for (const secret of [...Object.values(props.logins), props.signingKeys])
      changeSecret(this.function, secret);
    new CustomResource(this, 'Prepared', {
      serviceToken: this.function.functionArn,
      resourceType: 'Custom::KyoRelease',
      serviceTimeout: Duration.seconds(timeoutSeconds),
      // It runs again when anything changes that it does: its code, the migrations in it, and what it is told.
      properties: { code: FileSystem.fingerprint(props.code), ...environment },
    }).node.addDependency(this.function);
  }
}

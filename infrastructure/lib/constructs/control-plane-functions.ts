import { routes } from '@kyong/contracts';
import type {
  advanceConfig,
  apiConfig,
  authorizerConfig,
  sweepConfig,
} from '@kyong/tenant-provisioning/config';
import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Stage } from '../../config/index.ts';
import type { FunctionName } from '../code/index.ts';
import { urlOf } from '../services/definition.ts';
import { type DataStack, exportsFolder } from '../stacks/data.ts';
import type { NetworkStack } from '../stacks/network.ts';
import { instanceEventInstances } from './connection-budget.ts';
import { metricsNamespaceOf, secretsPrefixOf, tokensOf } from './names.ts';
import { NodeFunction, type NodeFunctionProps } from './node-function.ts';
import { certificateAuthority, postgresMajorVersion } from './postgres-instance.ts';
import { grantProvisioning, seeBackups } from './provisioner-permissions.ts';
import { readSecret, useKeyThrough } from './secret-access.ts';
import { given, type VariablesOf } from './variables.ts';

interface ControlPlaneFunctionsProps {
  stage: Stage;
  network: NetworkStack;
  data: DataStack;
  code: string;
}

/** The most there can be (AWS Lambda quotas). */
const longestCallSeconds = 900;

/** The functions of the control plane, each with what it needs and no more. */
export class ControlPlaneFunctions extends Construct {
  readonly api: NodeFunction;
  readonly authorizer: NodeFunction;
  readonly advance: NodeFunction;
  readonly instanceEvent: NodeFunction;
  readonly sweep: NodeFunction;

  constructor(scope: Construct, id: string, { stage, network, data, code }: ControlPlaneFunctionsProps) {
    super(scope, id);
    const define = (
      name: string,
      program: FunctionName,
      props: Pick<
        NodeFunctionProps,
        'description' | 'timeoutSeconds' | 'memoryMebibytes' | 'temporaryMebibytes' | 'reservedConcurrency'
      > & {
        environment: Record<string, string>;
      },
    ) =>
      new NodeFunction(this, name, {
        ...props,
        program,
        code,
        network,
        logDays: stage.monitoring.logDays,
      });
    const { KYO_TOKEN_ISSUER, KYO_TOKEN_AUDIENCE } = tokensOf(stage);
    const secretsPrefix = secretsPrefixOf(stage);

    const policy = JSON.stringify(stage.tenants.policy);
    const api: Omit<VariablesOf<typeof apiConfig>, 'KYO_STATE_MACHINE'> = {
      ...data.master.environmentOf('api'),
      KYO_FILES_BUCKET: data.files.bucketName,
      KYO_TENANCY_POLICY: policy,
    };
    this.api = define('Api', 'handler', {
      description: 'answers the API of the control plane',
      environment: given(api),
      // API Gateway gives up after 29.
      timeoutSeconds: 28,
      memoryMebibytes: 512,
      reservedConcurrency: stage.api.reservedConcurrency,
    });

    const authorizer: VariablesOf<typeof authorizerConfig> = {
      KYO_TOKEN_KEYS_URL: urlOf('kyo-otp-service', stage, routes.jwks.path),
      KYO_TOKEN_ISSUER,
      KYO_TOKEN_AUDIENCE,
    };
    this.authorizer = define('Authorizer', 'authorizer', {
      description: 'verifies access tokens',
      environment: given(authorizer),
      timeoutSeconds: 10,
      memoryMebibytes: 256,
    });

    const warmPool = JSON.stringify(stage.tenants.warmPool);
    const steps: VariablesOf<typeof advanceConfig> = {
      ...data.master.environmentOf('driver'),
      KYO_STAGE: stage.name,
      KYO_SECRETS_PREFIX: secretsPrefix,
      KYO_KMS_KEY: data.key.keyArn,
      KYO_POSTGRES_MAJOR_VERSION: String(postgresMajorVersion),
      KYO_DATABASE_SUBNET_GROUP: data.subnetGroup.subnetGroupName,
      KYO_DATABASE_SECURITY_GROUP: network.firewall.groupOf('databases', this).securityGroupId,
      KYO_DATABASE_PARAMETER_GROUP: data.parameterGroup.groupName,
      KYO_DATABASE_CA_IDENTIFIER: certificateAuthority.toString(),
      KYO_QUOTA_SHARE: String(stage.tenants.quotaShare),
      KYO_SHARED_INSTANCE: data.shared.instance.instanceIdentifier,
      KYO_SHARED_DATABASE_HOST: data.shared.instance.dbInstanceEndpointAddress,
      KYO_SHARED_DATABASE_PORT: data.shared.instance.dbInstanceEndpointPort,
      KYO_SHARED_DATABASE_SECRET: data.shared.adminSecret.secretArn,
      KYO_SHARED_MAX_DATABASES: String(stage.sharedDatabase.maxDatabases),
      KYO_FILES_BUCKET: data.files.bucketName,
      KYO_LIFECYCLE: JSON.stringify(stage.tenants.lifecycle),
      KYO_EVENT_BUS: data.events.eventBusArn,
      KYO_TENANCY_POLICY: policy,
      KYO_WARM_POOL: warmPool,
      KYO_FUNCTION_SECONDS: String(longestCallSeconds),
    };
    const driver = {
      environment: given(steps),
      timeoutSeconds: longestCallSeconds,
      // A whole processor (Lambda gives as much of it as of memory): compressing an export needs it.
      memoryMebibytes: 1_769,
      // A table goes through a temporary file, compressed; the most there can be.
      temporaryMebibytes: 10_240,
    };
    this.advance = define('Advance', 'advance', {
      ...driver,
      description: 'runs the steps of an operation',
      reservedConcurrency: stage.tenants.driverConcurrency,
    });
    this.instanceEvent = define('InstanceEvent', 'instance-event', {
      ...driver,
      description: 'looks after operations whose database server has changed',
      // Events that find no instance are kept for an hour, and only hurry what looks by itself.
      reservedConcurrency: stage.tenants.driverConcurrency && instanceEventInstances,
    });

    const sweep: Omit<VariablesOf<typeof sweepConfig>, 'KYO_STATE_MACHINE'> = {
      ...data.master.environmentOf('driver'),
      KYO_EVENT_BUS: data.events.eventBusArn,
      KYO_STAGE: stage.name,
      KYO_METRICS_NAMESPACE: metricsNamespaceOf(stage),
      KYO_LIFECYCLE: JSON.stringify(stage.tenants.lifecycle),
      KYO_WARM_POOL: warmPool,
    };
    this.sweep = define('Sweep', 'sweep', {
      description: 'starts operations that have no driver, relays events',
      environment: given(sweep),
      timeoutSeconds: 55,
      memoryMebibytes: 256,
    });

    const { logins } = data.master;
    readSecret(this.api, logins.api);
    for (const driving of [this.advance, this.instanceEvent, this.sweep]) readSecret(driving, logins.driver);
    const permissions = {
      stack: Stack.of(this),
      stage: stage.name,
      key: data.key,
      subnetGroup: data.subnetGroup.subnetGroupName,
      parameterGroup: data.parameterGroup.groupName,
      sharedServer: data.shared.instance.instanceArn,
      secretsPrefix,
    };
    // Links to exports are good for what their signer may read.
    grantExports(this.api, data.files, ['s3:GetObject']);
    useKeyThrough('s3', this.api, data.key, ['kms:Decrypt']);
    seeBackups(this.api);
    for (const worker of [this.advance, this.instanceEvent]) {
      readSecret(worker, data.shared.adminSecret);
      grantExports(worker, data.files, [
        's3:GetObject',
        's3:PutObject',
        's3:DeleteObject',
        's3:AbortMultipartUpload',
      ]);
      // Parts of an archive are put together from what was encrypted already.
      useKeyThrough('s3', worker, data.key, ['kms:Decrypt', 'kms:GenerateDataKey']);
      data.events.grantPutEventsTo(worker);
      grantProvisioning(worker, permissions);
    }
    data.events.grantPutEventsTo(this.sweep);
    this.sweep.addToRolePolicy(
      // Metrics know no resource (Service Authorization Reference).
      new iam.PolicyStatement({
        sid: 'LookAtServers',
        actions: ['cloudwatch:GetMetricData'],
        resources: ['*'],
      }),
    );
  }

  /** The machine knows its function, and these know the machine. */
  startWith(machine: sfn.StateMachine): void {
    for (const starter of [this.api, this.sweep]) {
      starter.addEnvironment('KYO_STATE_MACHINE', machine.stateMachineArn);
      machine.grantStartExecution(starter);
    }
  }
}

/** Archives of tenants that leave, in their folder of the bucket. */
function grantExports(role: iam.IGrantable, bucket: s3.IBucket, actions: string[]): void {
  for (const statement of [
    { sid: 'Exports', actions, resources: [bucket.arnForObjects(`${exportsFolder}*`)] },
    {
      sid: 'ListExports',
      actions: ['s3:ListBucket'],
      resources: [bucket.bucketArn],
      conditions: { StringLike: { 's3:prefix': `${exportsFolder}*` } },
    },
  ]) {
    role.grantPrincipal.addToPrincipalPolicy(new iam.PolicyStatement(statement));
  }
}

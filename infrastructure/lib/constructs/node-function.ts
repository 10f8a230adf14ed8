import { Duration, RemovalPolicy, Size } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { Stage } from '../../config/index.ts';
import type { FunctionName } from '../code/index.ts';
import type { Firewall } from './firewall.ts';
import type { PlatformVpc } from './platform-vpc.ts';

export type LogDays = Stage['monitoring']['logDays'];

export interface NodeFunctionProps {
  /** The folder of the bundled functions, and which of them. */
  code: string;
  program: FunctionName;
  description: string;
  environment: Record<string, string>;
  timeoutSeconds: number;
  memoryMebibytes: number;
  /** For temporary files; 512 unless said. */
  temporaryMebibytes?: number;
  logDays: LogDays;
  /** Beside the databases. */
  network: { vpc: PlatformVpc; firewall: Firewall };
  reservedConcurrency?: number | null;
}

/** A function of ours: Node 24 on ARM64, in the VPC, with a log that ends some day and a role that may do nothing yet. */
export class NodeFunction extends lambda.Function {
  constructor(scope: Construct, id: string, props: NodeFunctionProps) {
    const { vpc, firewall } = props.network;
    const logGroup = new logs.LogGroup(scope, `${id}Logs`, {
      retention: props.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new iam.Role(scope, `${id}Role`, {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
      description: `Kyo: ${props.description}`,
    });
    super(scope, id, {
      description: `Kyo: ${props.description}`,
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      code: lambda.Code.fromAsset(props.code),
      handler: `${props.program}.handler`,
      environment: { NODE_OPTIONS: '--enable-source-maps', ...props.environment },
      timeout: Duration.seconds(props.timeoutSeconds),
      memorySize: props.memoryMebibytes,
      ...(props.temporaryMebibytes !== undefined && {
        ephemeralStorageSize: Size.mebibytes(props.temporaryMebibytes),
      }),
      ...(props.reservedConcurrency && { reservedConcurrentExecutions: props.reservedConcurrency }),
      role,
      logGroup,
      vpc,
      vpcSubnets: vpc.serviceSubnets,
      securityGroups: [firewall.groupOf('functions', scope)],
    });
    logGroup.grantWrite(role);
    role.addToPolicy(networkInterfaces);
  }
}

/** Lambda makes and takes away the interfaces of a function in a VPC; these actions know no resource (Service Authorization Reference). */
const networkInterfaces = new iam.PolicyStatement({
  sid: 'NetworkInterfaces',
  actions: [
    'ec2:AssignPrivateIpAddresses',
    'ec2:CreateNetworkInterface',
    'ec2:DeleteNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:UnassignPrivateIpAddresses',
  ],
  resources: ['*'],
});

import type { DeployedResource } from '../../../rules/service-input/as-deployed.ts';
import { account } from '../../../rules/service-input/ids.ts';
import type { Call } from '../call.ts';
import { type ImaginedAccount, roleArn } from './account.ts';

/** Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC"; looked at when a function is created. */
const inNetwork = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
];

/** What Lambda does under a function's role. */
export function functions(imagined: ImaginedAccount): Call[] {
  return imagined.of('AWS::Lambda::Function').flatMap((each) => {
    const { VpcConfig, LoggingConfig, TracingConfig, DeadLetterConfig } = each.properties;
    return [
      ...(VpcConfig ? calls(each, inNetwork, '*', 'Lambda makes no interface for it') : []),
      ...(LoggingConfig?.LogGroup ? log(each, LoggingConfig.LogGroup) : []),
      ...(TracingConfig?.Mode === 'Active' ? calls(each, tracing, '*', 'no trace of it arrives') : []),
      ...(DeadLetterConfig ? delivery(each, DeadLetterConfig.TargetArn) : []),
    ];
  });
}

/** Lambda Developer Guide, "Adding a destination"; looked at when the destination is set. */
export function destinations(imagined: ImaginedAccount): Call[] {
  const all = imagined.of('AWS::Lambda::Function');
  return imagined.of('AWS::Lambda::EventInvokeConfig').flatMap(({ properties }) => {
    const configured = all.find(({ arn }) => arn.endsWith(`:${properties.FunctionName.split(':').at(-1)}`));
    const { OnFailure, OnSuccess } = properties.DestinationConfig ?? {};
    return [OnFailure, OnSuccess].flatMap((target) =>
      configured && target ? delivery(configured, target.Destination) : [],
    );
  });
}

export const tracing = ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'];

function log(of: DeployedResource, group: string): Call[] {
  const stream = `arn:aws:logs:${of.region}:${account}:log-group:${group}:log-stream:2026`;
  return calls(of, ['logs:CreateLogStream', 'logs:PutLogEvents'], stream, `${group} stays empty`);
}

const sending: Record<string, string> = {
  sqs: 'sqs:SendMessage',
  sns: 'sns:Publish',
  lambda: 'lambda:InvokeFunction',
  events: 'events:PutEvents',
};

function delivery(of: DeployedResource, target: string): Call[] {
  const action = sending[target.split(':')[2] ?? ''];
  return action ? calls(of, [action], target, 'what failed is kept nowhere') : [];
}

function calls({ properties }: DeployedResource, actions: string[], resource: string, why: string): Call[] {
  const caller = roleArn(properties.Role);
  return actions.map((action) => ({ caller, action, resource, why }));
}

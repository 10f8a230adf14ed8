import type { DeployedResource } from '../../../rules/service-input/as-deployed.ts';
import type { Properties } from '../../../rules/templates.ts';
import type { Call } from '../call.ts';
import { type ImaginedAccount, roleArn } from './account.ts';

const service = 'events.amazonaws.com';

/** What EventBridge calls, in its own name or under a role. EventBridge User Guide, "Using resource-based policies". */
export function rules(imagined: ImaginedAccount): Call[] {
  return imagined
    .of('AWS::Events::Rule')
    .flatMap((rule) =>
      (rule.properties.Targets as Properties[]).flatMap((target) => [
        ...invoked(rule, target),
        ...(target.DeadLetterConfig ? send(rule, target.DeadLetterConfig.Arn) : []),
      ]),
    );
}

function invoked(rule: DeployedResource, { Arn, RoleArn }: Properties): Call[] {
  const why = `${rule.name} reaches nothing`;
  const own = (action: string): Call[] => [
    { caller: service, action, resource: Arn, context: { 'aws:SourceArn': rule.arn }, why },
  ];
  const underRole = (action: string): Call[] => [
    { caller: roleArn(RoleArn ?? ''), action, resource: Arn, why },
  ];
  switch (Arn.split(':')[2]) {
    case 'lambda':
      return own('lambda:InvokeFunction');
    case 'sqs':
      return send(rule, Arn);
    case 'sns':
      // It sends no source ("Permissions for Amazon SNS"): a policy that asks for one refuses it.
      return [{ caller: service, action: 'sns:Publish', resource: Arn, why }];
    case 'logs':
      return [];
    case 'states':
      return underRole('states:StartExecution');
    case 'events':
      return underRole('events:PutEvents');
    default:
      throw new RangeError(`${rule.name} has a target of a kind that the judge does not know: ${Arn}.`);
  }
}

function send(rule: DeployedResource, queue: string): Call[] {
  return [
    {
      caller: service,
      action: 'sqs:SendMessage',
      resource: queue,
      context: { 'aws:SourceArn': rule.arn },
      why: `what ${rule.name} cannot deliver is lost`,
    },
  ];
}

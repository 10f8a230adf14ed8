import type { Call } from '../call.ts';
import { type ImaginedAccount, roleArn } from './account.ts';
import { tracing } from './functions.ts';

/** AWS Step Functions Developer Guide, "Using CloudWatch Logs to log execution history"; looked at when a machine is created. */
const logging = [
  'CreateLogDelivery',
  'GetLogDelivery',
  'UpdateLogDelivery',
  'DeleteLogDelivery',
  'ListLogDeliveries',
  'PutResourcePolicy',
  'DescribeResourcePolicies',
  'DescribeLogGroups',
].map((name) => `logs:${name}`);

/** "AWS X-Ray and Step Functions": beside what is traced, the sampling. */
const sampling = ['xray:GetSamplingRules', 'xray:GetSamplingTargets'];

/** What a state machine does under its role. */
export function machines(imagined: ImaginedAccount): Call[] {
  return imagined.of('AWS::StepFunctions::StateMachine').flatMap(({ properties }) => {
    const caller = roleArn(properties.RoleArn);
    const text: string = properties.DefinitionString;
    const functions = [...text.matchAll(/"FunctionName":"(arn:aws:lambda:[^"]+)"/g)].map(
      ([, arn = '']) => arn,
    );
    const each = (actions: string[], why: string) =>
      actions.map((action) => ({ caller, action, resource: '*', why }));
    return [
      ...functions.map((resource) => ({
        caller,
        action: 'lambda:InvokeFunction',
        resource,
        why: 'no operation is driven',
      })),
      ...(properties.LoggingConfiguration ? each(logging, 'the state machine cannot be created') : []),
      ...(properties.TracingConfiguration?.Enabled
        ? each([...tracing, ...sampling], 'no trace of operations arrives')
        : []),
    ];
  });
}

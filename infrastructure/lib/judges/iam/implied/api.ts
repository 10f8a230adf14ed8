import { account } from '../../../rules/service-input/ids.ts';
import type { Call } from '../call.ts';
import { type ImaginedAccount, roleArn } from './account.ts';

const caller = 'apigateway.amazonaws.com';
const functionIn = (uri: string) => /functions\/(arn:aws:lambda:[^/]+)\/invocations/.exec(uri)?.[1];

/** API Gateway Developer Guide, "Lambda proxy integrations": the source is a method of a stage, the authorizer itself. */
export function api(imagined: ImaginedAccount): Call[] {
  const stages = imagined.of('AWS::ApiGateway::Stage');
  const methods = imagined.of('AWS::ApiGateway::Method').flatMap(({ name, properties, region }) => {
    const resource = functionIn(properties.Integration?.Uri ?? '');
    const stage = stages.find((each) => each.properties.RestApiId === properties.RestApiId);
    const from = `arn:aws:execute-api:${region}:${account}:${properties.RestApiId}/${stage?.properties.StageName}`;
    const context = { 'aws:SourceArn': `${from}/${properties.HttpMethod}/path` };
    const why = `${name} answers 500`;
    return resource ? [{ caller, action: 'lambda:InvokeFunction', resource, context, why }] : [];
  });
  const authorizers = imagined
    .of('AWS::ApiGateway::Authorizer')
    .flatMap(({ id, stack, properties, region }) => {
      const resource = functionIn(properties.AuthorizerUri ?? '');
      const from = `arn:aws:execute-api:${region}:${account}:${properties.RestApiId}/authorizers`;
      const context = { 'aws:SourceArn': `${from}/kyo-${imagined.stage}-${stack}-${id}-A1B2C3D4E5F6` };
      const why = 'every request answers 500';
      return resource ? [{ caller, action: 'lambda:InvokeFunction', resource, context, why }] : [];
    });
  return [...methods, ...authorizers];
}

/** "Set up CloudWatch logging for REST APIs": "CloudWatch Logs role ARN must be set in account settings". */
export function apiLogs(imagined: ImaginedAccount): Call[] {
  const actions = [
    'CreateLogGroup',
    'CreateLogStream',
    'DescribeLogGroups',
    'DescribeLogStreams',
    'PutLogEvents',
  ];
  return imagined.of('AWS::ApiGateway::Account').flatMap(({ properties, region }) =>
    actions.map((name) => ({
      caller: roleArn(properties.CloudWatchRoleArn),
      action: `logs:${name}`,
      resource: `arn:aws:logs:${region}:${account}:log-group:api:log-stream:stage`,
      why: 'API Gateway keeps no log',
    })),
  );
}

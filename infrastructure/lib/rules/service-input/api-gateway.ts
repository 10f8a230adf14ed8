import type { Properties } from '../templates.ts';
import type { InputRule } from './input-rule.ts';
import { listOf, outside } from './values.ts';

/** Milliseconds; the region's quota allows more, after a request. */
const integrationTimeout = [50, 29_000] as const;

const isLogged = ({ AccessLogSetting, MethodSettings }: Properties) =>
  AccessLogSetting !== undefined ||
  listOf(MethodSettings).some(({ LoggingLevel = 'OFF' }) => LoggingLevel !== 'OFF');

export const apiGatewayInput: InputRule[] = [
  {
    name: 'an API is deployed after its methods',
    type: 'AWS::ApiGateway::Deployment',
    refuses: ({ RestApiId }, { before }) =>
      !before('AWS::ApiGateway::Method').some(({ properties }) => properties.RestApiId === RestApiId) &&
      "The REST API doesn't contain any methods",
    fault: (templates) => {
      for (const resource of Object.values(templates.provisioning?.Resources ?? {}))
        if (resource.Type === 'AWS::ApiGateway::Deployment') resource.DependsOn = [];
    },
  },
  {
    name: 'lines of an access log name their request',
    type: 'AWS::ApiGateway::Stage',
    refuses: ({ AccessLogSetting: { Format } = {} as Properties }) => {
      if (Format === undefined) return undefined;
      if (Format.includes('\n'))
        return 'Access Log format must be single line, new line character is allowed only at end';
      return (
        !/\$context\.(requestId|extendedRequestId)\b/.test(Format) &&
        'Invalid format: it must contain at least $context.requestId or $context.extendedRequestId'
      );
    },
    fault: {
      AccessLogSetting: { DestinationArn: 'arn:aws:logs:::log-group:access', Format: '$context.status' },
    },
  },
  {
    name: 'API Gateway has its role for logs before an API is logged',
    type: 'AWS::ApiGateway::Stage',
    refuses: (stage, { before }) =>
      isLogged(stage) &&
      !before('AWS::ApiGateway::Account').some(({ properties }) => properties.CloudWatchRoleArn) &&
      'CloudWatch Logs role ARN must be set in account settings to enable logging',
    fault: (templates) => {
      for (const { Type, Properties } of Object.values(templates.provisioning?.Resources ?? {}))
        if (Type === 'AWS::ApiGateway::Account') Properties.CloudWatchRoleArn = undefined;
    },
  },
  {
    name: 'API Gateway waits for 29 seconds at most',
    type: 'AWS::ApiGateway::Method',
    refuses: ({ Integration: { TimeoutInMillis } = {} as Properties }) =>
      outside(TimeoutInMillis, ...integrationTimeout) &&
      `Timeout should be between ${integrationTimeout[0]} ms and ${integrationTimeout[1]} ms`,
    fault: { Integration: { Type: 'AWS_PROXY', TimeoutInMillis: 60_000 } },
  },
  {
    name: 'an API passes on parameters that its method declares',
    type: 'AWS::ApiGateway::Method',
    refuses: ({
      Integration: { RequestParameters = {} } = {} as Properties,
      RequestParameters: declared = {},
    }) => {
      const undeclared = Object.values(RequestParameters)
        .map(String)
        .find((from) => from.startsWith('method.request.') && !(from in declared));
      return undeclared && `Invalid mapping expression parameter specified: ${undeclared}`;
    },
    fault: {
      Integration: {
        Type: 'HTTP_PROXY',
        RequestParameters: { 'integration.request.path.tenantId': 'method.request.path.tenantId' },
      },
    },
  },
  {
    name: 'an authorizer whose answers are kept says by what',
    type: 'AWS::ApiGateway::Authorizer',
    refuses: ({ Type, AuthorizerResultTtlInSeconds = 300, IdentitySource }) =>
      Type === 'REQUEST' &&
      Number(AuthorizerResultTtlInSeconds) > 0 &&
      !IdentitySource &&
      'Identity source is required when caching is enabled',
    fault: { Type: 'REQUEST', IdentitySource: undefined },
  },
];

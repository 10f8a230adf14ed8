import { type Route, routes } from '@kyong/contracts';
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { z } from 'zod';
import type { Stage } from '../../config/index.ts';
import type { LogDays } from './node-function.ts';
import { refuseOtherMethods } from './other-methods.ts';
import { answerWithProblems } from './problem-responses.ts';

/** The first parts of the paths that the control plane serves; everything else belongs to the services. */
export const controlPlanePaths = [
  '/provision-tenant',
  '/tenants',
  '/operations',
  '/fleet',
  '/plans',
  '/audit',
] as const;

/** A token that was good is good for this long without another look. */
const authorizationSeconds = 60;

interface ControlPlaneApiProps {
  handler: lambda.IFunction;
  authorizer: lambda.IFunction;
  limits: Stage['api'];
  logDays: LogDays;
}

/** The control plane's REST API: every route of the contracts, each with its authorizer and its request checked. */
export class ControlPlaneApi extends apigateway.RestApi {
  constructor(scope: Construct, id: string, { handler, authorizer, limits, logDays }: ControlPlaneApiProps) {
    const accessLog = new logs.LogGroup(scope, `${id}AccessLog`, {
      retention: logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    super(scope, id, {
      // Its metrics go by this name: two stages of an account must not have the same.
      restApiName: Stack.of(scope).stackName,
      description: 'Kyo: tenants and operations',
      endpointTypes: [apigateway.EndpointType.REGIONAL],
      // An account has one role for API Gateway's logs; an empty account has none.
      cloudWatchRole: true,
      cloudWatchRoleRemovalPolicy: RemovalPolicy.RETAIN,
      deployOptions: {
        stageName: 'v1',
        throttlingRateLimit: limits.requestsPerSecond,
        throttlingBurstLimit: limits.burst,
        tracingEnabled: true,
        loggingLevel: apigateway.MethodLoggingLevel.ERROR,
        accessLogDestination: new apigateway.LogGroupLogDestination(accessLog),
        accessLogFormat: apigateway.AccessLogFormat.custom(JSON.stringify(accessLogLine)),
      },
    });
    const requestValidator = this.addRequestValidator('Validator', {
      validateRequestBody: true,
      validateRequestParameters: true,
    });
    const options: apigateway.MethodOptions = {
      requestValidator,
      authorizationType: apigateway.AuthorizationType.CUSTOM,
      authorizer: new apigateway.TokenAuthorizer(scope, `${id}Authorizer`, {
        handler: authorizer,
        validationRegex: '^[Bb]earer [-_A-Za-z0-9]+\\.[-_A-Za-z0-9]+\\.[-_A-Za-z0-9]+$',
        resultsCacheTtl: Duration.seconds(authorizationSeconds),
      }),
    };
    // One permission for the API: two for each method are more than a function's resource policy may hold (20,480 bytes).
    const integration = new apigateway.LambdaIntegration(handler, { scopePermissionToMethod: false });
    for (const route of controlPlaneRoutes) {
      this.root.resourceForPath(route.path).addMethod(route.method, integration, {
        ...options,
        ...(route.body && { requestModels: { 'application/json': this.#modelOf(route) } }),
      });
    }
    refuseOtherMethods(this, controlPlaneRoutes, options);
    answerWithProblems(this);
  }

  /** The contract's schema, in the only dialect API Gateway reads (JSON Schema draft 4). */
  #modelOf({ method, path, body }: Route): apigateway.IModel {
    const name = `${method}${path}`.replaceAll(/\W+(\w)?/g, (_, letter = '') => letter.toUpperCase());
    const model = new apigateway.CfnModel(this, `${name}Body`, {
      restApiId: this.restApiId,
      contentType: 'application/json',
      schema: z.toJSONSchema(body ?? z.unknown(), {
        target: 'draft-4',
        io: 'input',
        // For readers of the OpenAPI document: API Gateway refuses a model that has keywords it does not know.
        override: ({ jsonSchema }) => {
          delete jsonSchema.example;
          delete jsonSchema.examples;
          // What a validator without Unicode makes of `\\p{Cc}` is another set of characters. The function looks itself.
          if (jsonSchema.allOf)
            jsonSchema.allOf = jsonSchema.allOf.filter(({ pattern = '' }) => !pattern.includes('\\p{'));
        },
      }),
    });
    return { modelId: model.ref };
  }
}

export const controlPlaneRoutes: Route[] = Object.values(routes).filter(({ path }) =>
  controlPlanePaths.some((prefix) => path === prefix || path.startsWith(`${prefix}/`)),
);

const { contextRequestId, contextIdentitySourceIp, contextHttpMethod, contextResourcePath, contextStatus } =
  apigateway.AccessLogField;
/** Who asked for what, and how it went; no header, no body. */
const accessLogLine = {
  requestId: contextRequestId(),
  sourceIp: contextIdentitySourceIp(),
  method: contextHttpMethod(),
  route: contextResourcePath(),
  status: contextStatus(),
  caller: apigateway.AccessLogField.contextAuthorizer('sub'),
  milliseconds: apigateway.AccessLogField.contextResponseLatency(),
};

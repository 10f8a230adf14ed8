import {
  type IResource,
  type MethodOptions,
  MockIntegration,
  PassthroughBehavior,
  type RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import { problemTemplate } from './problem-responses.ts';

/**
 * Answers every method that no route of a path has with a 405 that names those it has (RFC 9110, 15.5.6). API Gateway by itself
 * says that a token is missing. Who has one is answered without a call of the function.
 */
export function refuseOtherMethods(
  api: RestApi,
  routes: { path: string; method: string }[],
  options: MethodOptions,
): void {
  for (const [path, ofPath] of Map.groupBy(routes, (route) => route.path))
    refuseAllBut(
      api.root.resourceForPath(path),
      ofPath.map(({ method }) => method),
      options,
    );
}

function refuseAllBut(resource: IResource, methods: string[], options: MethodOptions): void {
  const statusCode = '405';
  const headers = {
    Allow: methods.join(', '),
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
  };
  const names = Object.entries(headers).map(
    ([name, value]) => [`method.response.header.${name}`, value] as const,
  );
  const integration = new MockIntegration({
    // A body of another type is a 415 before this is asked.
    passthroughBehavior: PassthroughBehavior.NEVER,
    requestTemplates: { 'application/json': JSON.stringify({ statusCode: Number(statusCode) }) },
    integrationResponses: [
      {
        statusCode,
        responseParameters: Object.fromEntries(names.map(([name, value]) => [name, `'${value}'`])),
        responseTemplates: { 'application/json': problemTemplate('method_not_allowed') },
      },
    ],
  });
  resource.addMethod('ANY', integration, {
    ...options,
    methodResponses: [
      { statusCode, responseParameters: Object.fromEntries(names.map(([name]) => [name, true])) },
    ],
  });
}

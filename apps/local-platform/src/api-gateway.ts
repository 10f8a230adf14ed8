import type { Route } from '@kyong/contracts';
import { createHttpApp, type Logger, Problem } from '@kyong/service-kit';
import type { ApiHandler } from '@kyong/tenant-provisioning/api';
import type {
  APIGatewayAuthorizerResult,
  APIGatewayProxyEvent,
  APIGatewayTokenAuthorizerEvent,
} from 'aws-lambda';
import type { FastifyInstance, FastifyRequest } from 'fastify';

export interface ApiGatewayOptions {
  routes: readonly Route[];
  authorize: (event: APIGatewayTokenAuthorizerEvent) => Promise<APIGatewayAuthorizerResult>;
  handle: ApiHandler;
  logger: Logger;
}

/** Of a REST API's requests (AWS: Amazon API Gateway quotas). */
const bodyLimitBytes = 10 * 1024 * 1024;
const methodArnPrefix = 'arn:aws:execute-api:local:000000000000:kyo/local';

/** Amazon API Gateway (REST) as far as our functions see it: HTTP becomes authorizer and proxy events, and back. */
export function createApiGateway({ routes, authorize, handle, logger }: ApiGatewayOptions): FastifyInstance {
  // The function writes its own line for each request.
  const app = createHttpApp({ logger: logger.child({}, { level: 'warn' }), checks: {}, bodyLimitBytes });
  // The body reaches the function as it came.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  for (const route of routes) {
    app.route({
      method: route.method,
      url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      onRequest: async (request) => {
        request.authorizer = await authorized(request, route);
      },
      handler: async (request, reply) => {
        const result = await handle(proxyEvent(request, route));
        const headers = Object.fromEntries(
          Object.entries(result.headers ?? {}).map(([name, value]) => [name, String(value)]),
        );
        return reply.code(result.statusCode).headers(headers).send(result.body);
      },
    });
  }

  async function authorized(request: FastifyRequest, { method }: Route) {
    const token = request.headers.authorization;
    // Without its identity source API Gateway does not even ask the authorizer.
    if (!token) throw new Problem('unauthenticated');
    const result = await authorize({
      type: 'TOKEN',
      authorizationToken: token,
      methodArn: `${methodArnPrefix}/${method}${pathOf(request)}`,
    }).catch((error: unknown) => {
      if (error instanceof Error && error.message === 'Unauthorized') throw new Problem('unauthenticated');
      throw error;
    });
    if (result.policyDocument.Statement.some(({ Effect }) => Effect !== 'Allow'))
      throw new Problem('forbidden');
    return { ...result.context, principalId: result.principalId };
  }
  return app;
}

declare module 'fastify' {
  interface FastifyRequest {
    authorizer?: Record<string, unknown>;
  }
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?')[0] ?? '/';
}

/** A proxy integration's event, format 1.0. */
function proxyEvent(request: FastifyRequest, route: Route): APIGatewayProxyEvent {
  const headers: Record<string, string | undefined> = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : value,
    ]),
  );
  const path = pathOf(request);
  const body = request.body instanceof Buffer ? request.body.toString('utf8') : null;
  const event: Omit<APIGatewayProxyEvent, 'requestContext'> = {
    httpMethod: request.method,
    path,
    resource: route.path,
    headers,
    multiValueHeaders: {},
    pathParameters: request.params as Record<string, string>,
    queryStringParameters: request.query as Record<string, string>,
    multiValueQueryStringParameters: null,
    stageVariables: null,
    body,
    isBase64Encoded: false,
  };
  const requestContext = {
    requestId: request.id,
    authorizer: request.authorizer,
    httpMethod: request.method,
    path,
    resourcePath: route.path,
    stage: 'local',
    // A socket of both kinds tells IPv4 addresses as IPv6 ones (RFC 4291, 2.5.5.2); API Gateway does not.
    identity: { sourceIp: request.ip.replace(/^::ffff:/, '') },
  };
  return { ...event, requestContext: requestContext as unknown as APIGatewayProxyEvent['requestContext'] };
}

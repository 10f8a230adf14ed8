import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Route } from '@kyong/contracts';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { z } from 'zod';
import type { Principal, VerifyAccessToken } from './access-token.ts';
import { checkHealth, type HealthCheck } from './health.ts';
import { parseJsonBody } from './json-body.ts';
import type { Logger } from './logger.ts';
import { methodsByPath } from './methods-by-path.ts';
import { Problem, problemResponse } from './problem.ts';
import { logSecurityEvent, refusalEvent, type SecurityEvent } from './security-event.ts';

declare module 'fastify' {
  interface FastifyInstance {
    verifyAccessToken: VerifyAccessToken | undefined;
    /** Takes leave: see `drain`. */
    isDraining: boolean;
    recordSecurityEvent: (event: SecurityEvent) => Promise<void>;
  }
  interface FastifyRequest {
    /** Who calls, once that is proved: by their token, or by what the route has found out. */
    actor: { id: string; tenantId?: string | undefined } | null;
  }
}

export interface HttpAppOptions {
  logger: Logger;
  /** What must answer before this service takes traffic, by name. */
  checks: Record<string, HealthCheck>;
  /** Needed to serve secured routes. */
  verifyAccessToken?: VerifyAccessToken;
  /** Keeps an event of security that has been done, beside its line in the log. The answer waits for it. */
  keepSecurityEvent?: ((event: SecurityEvent) => Promise<void>) | undefined;
  /** Largest body in bytes. */
  bodyLimitBytes?: number;
  /** How many proxies in front may be believed about the caller's address: 0 at the socket's word. */
  trustedProxies?: number;
}

/**
 * What browsers are told with every answer (OWASP, REST Security Cheat Sheet). An API shows nothing and is put in no frame:
 * whoever serves a page says what that page may load. Answers are somebody's and hold tokens (RFC 6749, 5.1): what anybody may
 * keep says so itself.
 */
const securityHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};
/** Where it is asked whether a service lives, and whether it takes traffic. */
const probes = new Set(['/health', '/ready']);
const defaultBodyLimitBytes = 64 * 1024;
const requestTimeoutMilliseconds = 30_000;
/** Longer than a load balancer keeps an idle connection (60 s), so that it is never we who close one in use. */
const keepAliveTimeoutMilliseconds = 65_000;

/** An HTTP service as every one of ours is: request ids, problem documents, body limits, security headers, health. */
export function createHttpApp(options: HttpAppOptions): FastifyInstance {
  const { trustedProxies = 0 } = options;
  const app = Fastify({
    loggerInstance: options.logger as FastifyBaseLogger,
    // One line a request, written below, instead of Fastify's two.
    logController: new LogController({ disableRequestLogging: true }),
    // The lines say by themselves which request they are about: a logger for each would only take time.
    childLoggerFactory: (logger) => logger,
    genReqId: (request) => requestIdOf(request.headers['x-request-id']),
    bodyLimit: options.bodyLimitBytes ?? defaultBodyLimitBytes,
    requestTimeout: requestTimeoutMilliseconds,
    keepAliveTimeout: keepAliveTimeoutMilliseconds,
    trustProxy: trustedProxies > 0 && ((_address: string, hop: number) => hop < trustedProxies),
    routerOptions: { maxParamLength: 256 },
    // Of a URL that is none, before there is a route: a percent sign that escapes nothing.
    frameworkErrors: (error, request, reply) => {
      addHeaders(request, reply);
      sendProblem(error, request, reply);
    },
  });

  app.decorate('verifyAccessToken', options.verifyAccessToken);
  app.decorate('isDraining', false);
  app.decorateRequest('actor', null);
  app.decorate('recordSecurityEvent', async (event: SecurityEvent) => {
    logSecurityEvent(options.logger, event);
    await options.keepSecurityEvent?.(event);
  });

  // Only JSON comes in. Fastify would also take text/plain.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
    try {
      done(null, parseJsonBody(String(text)));
    } catch (error) {
      done(error as Problem);
    }
  });

  // Hooks with callbacks: a promise for each of them would cost more than what they do.
  const paths = methodsByPath();
  app.addHook('onRoute', ({ url, method }) => paths.add(url, [method].flat()));
  app.addHook('onRequest', (request, reply, done) => {
    addHeaders(request, reply);
    if (app.isDraining) reply.header('connection', 'close');
    done();
  });
  // Before a body is read that nobody is going to look at, and after the hooks of the app, which count such requests.
  app.addHook('preParsing', (request, reply, _body, done) => {
    if (request.is404) refuseRoute(paths.find(request.url), request, reply);
    else done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    // Load balancer and container look every few seconds: a million lines a month and service that say nothing.
    if (probes.has(request.routeOptions.url ?? '') && reply.statusCode < 500) return done();
    const line = {
      requestId: request.id,
      method: request.method,
      route: request.routeOptions.url,
      status: reply.statusCode,
      milliseconds: Math.round(reply.elapsedTime * 10) / 10,
    };
    if (reply.statusCode >= 500) app.log.error(line, 'request failed');
    else app.log.info(line, 'request');
    done();
  });
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply));

  app.get('/health', async () => ({ status: 'alive' }));
  app.get('/ready', async (_request, reply) => {
    const health = await checkHealth(options.checks);
    if (app.isDraining) {
      health.status = 'unavailable';
      health.parts.server = { status: 'unavailable', detail: 'shutting down' };
    }
    return reply.code(health.status === 'ready' ? 200 : 503).send(health);
  });
  return app;
}

/** A path that is there for other methods is a 405 that names them (RFC 9110, 15.5.6); any other path is a 404. */
function refuseRoute(methods: string[], request: FastifyRequest, reply: FastifyReply): void {
  if (methods.length > 0) reply.header('allow', methods.join(', '));
  sendProblem(new Problem(methods.length > 0 ? 'method_not_allowed' : 'not_found'), request, reply);
}

/**
 * From now on the app says that it is not ready, and every answer closes its connection, while requests are answered as
 * before: whoever balances load has `seconds` to notice and to send no more. Then it can be closed without anybody noticing.
 */
export async function drain(app: FastifyInstance, seconds: number): Promise<void> {
  app.isDraining = true;
  await setTimeout(seconds * 1000);
}

/** A request id from outside is kept if it is harmless, so that one id follows a request through every service. */
export function requestIdOf(header: string | string[] | undefined): string {
  return typeof header === 'string' && /^[\w-]{8,64}$/.test(header) ? header : randomUUID();
}

function addHeaders(request: FastifyRequest, reply: FastifyReply): void {
  reply.headers(securityHeaders).header('x-request-id', request.id);
}

function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const response = problemResponse(error, request.id);
  if (response.status >= 500) request.log.error({ requestId: request.id, err: error }, 'request failed');
  const { code } = response.body;
  const event = refusalEvent(code);
  if (event)
    logSecurityEvent(request.log as Logger, { event, outcome: 'refused', ...traceOf(request), reason: code });
  return reply.code(response.status).headers(response.headers).send(response.body);
}

/** Who, where from, and in which request. */
function traceOf({ actor, ip, id: requestId }: FastifyRequest) {
  return { actor: actor?.id ?? null, tenantId: actor?.tenantId, sourceIp: ip, requestId };
}

type Output<T> = T extends z.ZodType ? z.output<T> : undefined;

export interface RouteInput<R extends Route> {
  body: Output<R['body']>;
  params: Output<R['params']>;
  query: Output<R['query']>;
  /** Who calls, on secured routes. */
  principal: R['secured'] extends true ? Principal : undefined;
  request: FastifyRequest;
  reply: FastifyReply;
}
export type RouteResult<R extends Route> = R['success']['body'] extends z.ZodType
  ? z.input<R['success']['body']>
  : undefined;

/**
 * Serves one route of the contracts: token checked, input parsed by the contract's schemas, the answer typed by them.
 * A route cannot be served with another shape than the OpenAPI document shows.
 */
export function serve<const R extends Route>(
  app: FastifyInstance,
  route: R,
  handle: (input: RouteInput<R>) => Promise<RouteResult<R>>,
): void {
  const verify = app.verifyAccessToken;
  if (route.secured && !verify)
    throw new Error(`${route.path} needs an access token, and this app verifies none.`);
  app.route({
    method: route.method,
    url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    ...(route.bodyLimitBytes !== undefined && { bodyLimit: route.bodyLimitBytes }),
    handler: async (request, reply) => {
      const principal = route.secured ? await verify?.(request.headers.authorization) : undefined;
      if (principal) request.actor = { id: principal.sub, tenantId: principal.tenant };
      const input = {
        params: parse(route.params, request.params, 'path'),
        query: parse(route.query, request.query, 'query'),
        body: parse(route.body, request.body, 'body'),
        principal,
        request,
        reply,
      } as RouteInput<R>;
      const result = await handle(input);
      if (route.securityEvent !== undefined) {
        const event = { event: route.securityEvent, outcome: 'done', ...traceOf(request) } as const;
        await app.recordSecurityEvent(event);
      }
      return reply.code(route.success.status).send(result);
    },
  });
}

function parse(schema: z.ZodType | undefined, value: unknown, root: string): unknown {
  if (!schema) return undefined;
  const result = schema.safeParse(value);
  if (!result.success) throw Problem.fromZod(result.error, root);
  return result.data;
}

import { documentation } from '@kyong/api-docs';
import { routes } from '@kyong/contracts';
import { checkHealth, createHttpApp, type HealthCheck, type Logger } from '@kyong/service-kit';
import type { FastifyInstance } from 'fastify';
import { homePage } from './home-page.ts';

export interface PagesOptions {
  checks: Record<string, HealthCheck>;
  homePage: boolean;
  logger: Logger;
}

/** What is not a service: the start page, the API's documentation, the health of the whole. */
export function createPages({ checks, homePage: withHomePage, logger }: PagesOptions): FastifyInstance {
  const app = createHttpApp({ logger: logger.child({}, { level: 'warn' }), checks: {} });

  app.get('/healthz', async (_request, reply) => {
    const health = await checkHealth(checks);
    if (health.status !== 'ready') reply.header('retry-after', '5');
    return reply
      .code(health.status === 'ready' ? 200 : 503)
      .header('cache-control', 'no-store')
      .send(health);
  });

  app.get('/docs', (_request, reply) => reply.redirect('/docs/'));
  for (const { path, type, body, immutable } of documentation()) {
    app.get(path, (_request, reply) =>
      reply
        // Swagger UI writes inline styles and shows images of its own as data.
        .header(
          'content-security-policy',
          "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
        )
        .header('cache-control', immutable ? 'public, max-age=31536000, immutable' : 'no-cache')
        .type(type)
        .send(body),
    );
  }

  if (withHomePage) {
    const page = homePage(Object.values(routes));
    app.get('/', (_request, reply) =>
      reply
        .header('content-security-policy', page.contentSecurityPolicy)
        .type('text/html; charset=utf-8')
        .send(page.html),
    );
  }
  return app;
}

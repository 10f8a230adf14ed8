import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { problems, routes } from '@kyong/contracts';
import { openApiDocument } from '@kyong/contracts/openapi';
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
  const document = openApiDocument(Object.values(routes), {
    title: 'Kyo',
    version: '1',
    description: describeProblems(),
  });

  app.get('/healthz', async (_request, reply) => {
    const health = await checkHealth(checks);
    if (health.status !== 'ready') reply.header('retry-after', '5');
    return reply
      .code(health.status === 'ready' ? 200 : 503)
      .header('cache-control', 'no-store')
      .send(health);
  });

  app.get('/docs', (_request, reply) => reply.redirect('/docs/'));
  app.get('/docs/openapi.json', () => document);
  for (const [path, { type, body }] of documentationFiles()) {
    app.get(path, (_request, reply) =>
      reply
        // Swagger UI writes inline styles and shows images of its own as data.
        .header(
          'content-security-policy',
          "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:",
        )
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

function describeProblems(): string {
  const rows = Object.entries(problems).map(
    ([code, { status, title }]) => `| \`${code}\` | ${status} | ${title} |`,
  );
  return `Errors are problem documents (RFC 9457).\n\n| code | status | meaning |\n|---|---|---|\n${rows.join('\n')}`;
}

/** Swagger UI, from its package, and the two small files that point it at our document. */
function documentationFiles(): Map<string, { type: string; body: string | Buffer }> {
  const directory = join(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'), '..');
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Kyo API</title>
<link rel="stylesheet" href="swagger-ui.css">
</head>
<body>
<noscript>The document itself: <a href="openapi.json">openapi.json</a></noscript>
<div id="page"></div>
<script src="swagger-ui-bundle.js"></script>
<script src="page.js"></script>
</body>
</html>`;
  const script =
    "SwaggerUIBundle({ url: 'openapi.json', dom_id: '#page', deepLinking: true, tryItOutEnabled: true });\n";
  return new Map([
    ['/docs/', { type: 'text/html; charset=utf-8', body: html }],
    ['/docs/page.js', { type: 'text/javascript; charset=utf-8', body: script }],
    [
      '/docs/swagger-ui.css',
      { type: 'text/css; charset=utf-8', body: readFileSync(join(directory, 'swagger-ui.css')) },
    ],
    [
      '/docs/swagger-ui-bundle.js',
      { type: 'text/javascript; charset=utf-8', body: readFileSync(join(directory, 'swagger-ui-bundle.js')) },
    ],
  ]);
}

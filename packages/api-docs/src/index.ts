import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { problems, routes } from '@kyong/contracts';
import { openApiDocument } from '@kyong/contracts/openapi';

export interface Page {
  /** From the root of the site; a path that ends with a slash is the index of a folder. */
  path: string;
  /** Its content type. */
  type: string;
  body: string | Buffer;
  /** Its path changes with its content: a browser may keep it for ever. */
  immutable: boolean;
}

/**
 * The documentation of the API: one OpenAPI 3.1 document, made from the contracts, and Swagger UI to read it. The laptop's
 * gateway serves these pages, and a deployment puts them into the site's bucket.
 */
export function documentation(): Page[] {
  const [style, viewer, start] = [
    asset('swagger-ui.css', 'text/css; charset=utf-8', swaggerUi('swagger-ui.css')),
    asset('swagger-ui.js', 'text/javascript; charset=utf-8', swaggerUi('swagger-ui-bundle.js')),
    asset('start.js', 'text/javascript; charset=utf-8', startScript),
  ];
  const document = openApiDocument(Object.values(routes), {
    title: 'Kyo',
    version: '1',
    description: describeProblems(),
  });
  return [
    style,
    viewer,
    start,
    {
      path: '/docs/openapi.json',
      type: 'application/json; charset=utf-8',
      body: JSON.stringify(document),
      immutable: false,
    },
    {
      path: '/docs/',
      type: 'text/html; charset=utf-8',
      body: html(style.path, [viewer.path, start.path]),
      immutable: false,
    },
  ];
}

const startScript =
  "SwaggerUIBundle({ url: '/docs/openapi.json', dom_id: '#page', deepLinking: true, tryItOutEnabled: true });\n";

function html(style: string, scripts: string[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Kyo API</title>
<link rel="stylesheet" href="${style}">
</head>
<body>
<noscript>The document itself: <a href="/docs/openapi.json">openapi.json</a></noscript>
<div id="page"></div>
${scripts.map((script) => `<script src="${script}"></script>`).join('\n')}
</body>
</html>`;
}

function describeProblems(): string {
  const rows = Object.entries(problems).map(
    ([code, { status, title }]) => `| \`${code}\` | ${status} | ${title} |`,
  );
  return `Errors are problem documents (RFC 9457).\n\n| code | status | meaning |\n|---|---|---|\n${rows.join('\n')}`;
}

function swaggerUi(file: string): Buffer {
  return readFileSync(createRequire(import.meta.url).resolve(`swagger-ui-dist/${file}`));
}

/** Named by its content: 16 hexadecimal digits of its SHA-256. */
function asset(name: string, type: string, body: string | Buffer): Page {
  const digest = createHash('sha256').update(body).digest('hex').slice(0, 16);
  const path = join('/docs/assets', name.replace(/(\.\w+)$/, `.${digest}$1`));
  return { path, type, body, immutable: true };
}

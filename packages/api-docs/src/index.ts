import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { routes } from '@kyong/contracts';
import { openApiDocument } from '@kyong/contracts/openapi';
import { introduction } from './introduction.ts';
import { page, startScript } from './page.ts';

export interface Page {
  /** From the root of the site; a path that ends with a slash is the index of a folder. */
  path: string;
  /** Its content type. */
  type: string;
  body: string | Buffer;
  /** Its path changes with its content: a browser may keep it for ever. */
  immutable: boolean;
}

/** The OpenAPI 3.1 document of all that is served. */
export function openApi() {
  return openApiDocument(Object.values(routes), { title: 'Kyo', version: '1', description: introduction });
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
  return [
    style,
    viewer,
    start,
    {
      path: '/docs/openapi.json',
      type: 'application/json; charset=utf-8',
      body: JSON.stringify(openApi()),
      immutable: false,
    },
    {
      path: '/docs/',
      type: 'text/html; charset=utf-8',
      body: page(style.path, [viewer.path, start.path]),
      immutable: false,
    },
  ];
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

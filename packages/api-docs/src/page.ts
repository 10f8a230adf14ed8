import { problems } from '@kyong/contracts';

/** The page that shows the document: Swagger UI, and below it what each `code` means, where the `type` of a problem leads. */
export function page(style: string, scripts: string[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Kyo API</title>
<link rel="stylesheet" href="${style}">
<style>${pageStyle}</style>
</head>
<body>
<noscript>The document itself: <a href="/docs/openapi.json">openapi.json</a></noscript>
<main>
<div id="page"></div>
<details id="errors">
<summary><h2>Errors: what each code means</h2></summary>
<table>
<thead><tr><th scope="col">Code</th><th scope="col">Status</th><th scope="col">Meaning</th></tr></thead>
<tbody>
${errorRows()}
</tbody>
</table>
</details>
</main>
${scripts.map((script) => `<script src="${script}"></script>`).join('\n')}
</body>
</html>`;
}

function errorRows(): string {
  return Object.entries(problems)
    .map(
      ([code, { status, title }]) =>
        `<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${title}</td></tr>`,
    )
    .join('\n');
}

const pageStyle = `
body { margin: 0; }
.swagger-ui .info { margin: 1.5rem 0; }
.swagger-ui .opblock-tag small { flex: 3; }
.swagger-ui .operation-filter-input { box-sizing: border-box; width: 100%; }
#errors { box-sizing: border-box; max-width: 1460px; margin: 1rem auto 3rem; padding: 0 20px; font-family: sans-serif; }
#errors summary { cursor: pointer; }
#errors h2 { display: inline; font-size: 1.25rem; }
#errors td, #errors th { text-align: left; vertical-align: top; padding: 0.25rem 1rem 0.25rem 0; overflow-wrap: anywhere; }
#errors tr:target { background: #fff3bf; color: #000; }
`;

/** Starts Swagger UI. Its own search looks at the names of groups alone; this one looks at the operations. */
export const startScript = `
const textOf = (operation) =>
  [operation.get('method'), operation.get('path'), ...['summary', 'description'].map((key) => operation.getIn(['operation', key]))]
    .join(' ')
    .toLowerCase();

const search = () => ({
  fn: {
    opsFilter: (groups, phrase) => {
      const words = phrase.toLowerCase().split(/\\s+/).filter(Boolean);
      const fits = (text) => words.every((word) => text.includes(word));
      return groups
        .map((group, name) =>
          group.update('operations', (list) =>
            list.filter((operation) => fits(name.toLowerCase() + ' ' + textOf(operation)))))
        .filter((group) => group.get('operations').size > 0);
    },
  },
});

function finish() {
  const input = document.querySelector('.operation-filter-input');
  input?.setAttribute('placeholder', 'Search operations: tenants, code, refresh…');
  input?.setAttribute('aria-label', 'Search operations');
  showError();
}

/** The \`type\` of a problem leads to its row, which was too early or folded away. */
function showError() {
  const target = document.getElementById(location.hash.slice(1));
  const errors = document.getElementById('errors');
  if (!target || !errors.contains(target)) return;
  errors.open = true;
  target.scrollIntoView();
}

addEventListener('hashchange', showError);
SwaggerUIBundle({
  url: '/docs/openapi.json',
  dom_id: '#page',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  filter: true,
  plugins: [search],
  tryItOutEnabled: true,
  onComplete: finish,
});
`;

import { documentation, type Page } from '@kyong/api-docs';

/** What the site's bucket holds: a page to begin at, and the documentation of the API. */
export function sitePages(): Page[] {
  return [
    { path: '/', type: 'text/html; charset=utf-8', body: startPage, immutable: false },
    ...documentation(),
  ];
}

const startPage = `<!doctype html>
<html lang="zh-Hant">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Kyo</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 40rem; margin: 4rem auto; padding: 0 1rem; }
</style>
</head>
<body>
<main>
<h1>Kyo</h1>
<p>每間健身房都有自己的資料庫。</p>
<p lang="en">Every gym has its own database.</p>
<p><a href="/docs/">API 文件 · <span lang="en">API documentation</span></a></p>
</main>
</body>
</html>
`;

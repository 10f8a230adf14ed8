import { createHash } from 'node:crypto';
import type { Route } from '@kyong/contracts';

/** The start page: the addresses, the parts with their health, and how one signs a gym up. */
export function homePage(routes: Route[]): { html: string; contentSecurityPolicy: string } {
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Kyo</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>Kyo</h1>
<p>Every gym its own database. This is the whole platform, on this machine.</p>

<h2>Parts</h2>
<p id="state" role="status">Asking…</p>
<ul id="parts"></ul>

<h2>Sign a gym up</h2>
<ol>
<li>Send a code: <code>POST /api/otp/send</code> with <code>"purpose": "signup"</code>.</li>
<li>Read it: <code>GET /dev/outbox?to=…</code> stands in for the phone.</li>
<li>Exchange it for a token: <code>POST /api/otp/verify</code>.</li>
<li>Provision: <code>POST /provision-tenant</code> with that token, a <code>tenantId</code> and a <code>plan</code>.</li>
<li>Watch it: <code>GET /operations/…</code>, the address is in the answer.</li>
</ol>
<p>The README has these as five lines to paste. All requests can be tried in <a href="/docs/">the documentation</a>.</p>

<h2>Addresses</h2>
<table>
<thead><tr><th scope="col">Request</th><th scope="col">Does</th></tr></thead>
<tbody>
${routes.map((route) => `<tr><td><code>${route.method} ${route.path}</code></td><td>${route.summary}</td></tr>`).join('\n')}
</tbody>
</table>
</main>
<script>${script}</script>
</body>
</html>`;
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  return {
    html,
    contentSecurityPolicy: `default-src 'none'; connect-src 'self'; style-src ${hash(style)}; script-src ${hash(script)}`,
  };
}

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
code { font-family: ui-monospace, monospace; font-size: 0.9em; }
ul { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: 0.5rem; }
li.part { border: 1px solid; border-radius: 0.5rem; padding: 0.25rem 0.75rem; }
td, th { text-align: left; padding: 0.25rem 1rem 0.25rem 0; vertical-align: top; }
`;

const script = `
const state = document.getElementById('state');
const list = document.getElementById('parts');
async function refresh() {
  try {
    const health = await (await fetch('/healthz')).json();
    state.textContent = health.status === 'ready' ? 'Every part is ready.' : 'Not every part is ready.';
    list.replaceChildren(...Object.entries(health.parts).map(([name, part]) => {
      const item = document.createElement('li');
      item.className = 'part';
      item.textContent = (part.status === 'ready' ? '✓ ' : '✗ ') + name + (part.detail ? ': ' + part.detail : '');
      return item;
    }));
  } catch {
    state.textContent = 'The platform does not answer.';
    list.replaceChildren();
  }
  setTimeout(refresh, 5000);
}
refresh();
`;

/**
 * The document, to browse. Everything comes from this process, and the policy lets the page load nothing from
 * anywhere else. The files are read when a browser asks for them: all of them are 1.7 MiB, which most instances
 * never send. Every address is relative to the page's own: a proxy may serve it under a prefix that it takes off.
 */
import { accessSync, constants } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { FastifyInstance } from 'fastify';

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  // swagger-ui's style sheet holds its icons as data.
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Without `validatorUrl: null` the page would send the document to a validator on the internet. */
const INIT = `window.addEventListener('load', () => {
  window.ui = SwaggerUIBundle({
    // As a whole address: what the document calls by relative ones is called from there.
    url: new URL('openapi.json', document.baseURI).href,
    dom_id: '#docs',
    validatorUrl: null,
    queryConfigEnabled: false,
    deepLinking: true,
    persistAuthorization: false,
  });
});
`;

const ASSETS = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
} as const;

/** @throws Error when a file of the page is missing */
export function addDocsPage(app: FastifyInstance, title: string): void {
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  const page = pageFor(title);
  app.get('/docs', async (_request, reply) => {
    reply.header('content-security-policy', POLICY).type('text/html; charset=utf-8');
    return reply.send(page);
  });
  addAsset(app, 'init.js', 'text/javascript; charset=utf-8', async () => INIT);
  for (const [name, type] of Object.entries(ASSETS)) {
    const file = join(folder, name);
    // An installation without them is found at the start.
    accessSync(file, constants.R_OK);
    addAsset(app, name, type, async () => await readFile(file));
  }
}

function addAsset(
  app: FastifyInstance,
  name: string,
  type: string,
  read: () => Promise<string | Buffer>,
): void {
  app.get(`/docs/${name}`, async (_request, reply) => {
    const content = await read();
    reply.headers({ 'content-security-policy': POLICY, 'cache-control': 'public, max-age=3600' });
    return reply.type(type).send(content);
  });
}

function pageFor(title: string): string {
  const safe = title.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${safe}</title>
    <link rel="icon" type="image/png" href="docs/favicon-32x32.png" />
    <link rel="stylesheet" href="docs/swagger-ui.css" />
  </head>
  <body>
    <div id="docs"></div>
    <script src="docs/swagger-ui-bundle.js"></script>
    <script src="docs/init.js"></script>
  </body>
</html>
`;
}

/** One guard reads tokens and writes refusals, for every service and every way to it; no other code does. */
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { ROOT } from '../paths.ts';
import { importsOf } from '../structure/imports.ts';
import { textsBelow } from '../structure/sources.ts';

const GUARD = 'packages/verify/src/guard/';
/** What is above 19 kB came with an adopter's roles, what roles carry by whichever mapping, with the reasons of refusals, and with the ids of requests. */
const GUARD_BYTES = 21_500;
const anyOf = (...signs: readonly RegExp[]): RegExp =>
  new RegExp(signs.map(({ source }) => source).join('|'));

/** The guards of the verify package that are made of the one. */
const FOLDERS = [
  'express',
  'fastify',
  'hono',
  'koa',
  'nestjs',
  'node',
  'trpc',
  'web',
  'ws',
  'socket-io',
].map((name) => `packages/verify/src/${name}/`);

/** What lets requests in, or answers them. */
const DOORS = [
  'packages/service/src/',
  'packages/api/src/',
  ...FOLDERS,
  'apps/auth/src/',
  'apps/user/src/',
  'apps/admin/src/',
];

const SIGNS = {
  /** A token is looked for in a request. */
  reads: anyOf(
    /\bheaders(?:\.|\[['"])(?:authorization|dpop|cookie)\b/,
    /['"][Aa]uthorization['"]/,
    // By a name that is elsewhere, or past the headers that Node keeps.
    /\bheaders\[[^'"]/,
    /\b(?:rawHeaders|headersDistinct)\b/,
    // A scheme, and what follows it.
    /\b(?:[Bb]earer|[Dd][Pp]o[Pp])(?:[ \\[(]|\|\w)/,
    /\b(?:headerValues|sentValues|readAuthorization|accessCookie|cookieValues|tokenCookieNames)\b/,
  ),
  /** What a refusal is answered with. */
  writes: anyOf(
    /['"](?:www-authenticate|WWW-Authenticate|[Rr]etry-[Aa]fter|dpop-nonce|DPoP-Nonce)['"]/,
    /\brefusalHeaders\b|\.toBody\(/,
  ),
  /** Whether a caller may. */
  decides: anyOf(
    /['"]insufficient_scope['"]/,
    /\brolesAllow\b|\broles\??\.(?:includes|some|find|indexOf)\b|\bscopes?\b[^;\n]*\.(?:split|includes)\(/,
  ),
};
type Sign = keyof typeof SIGNS;

/** What looks like it, and why it stays. */
const OTHERS: Readonly<Record<string, Partial<Record<Sign, string>>>> = {
  'packages/service/src/http/token-cookies.ts': { reads: 'sets the cookies' },
  'packages/service/src/http/allow-origins.ts': {
    reads: 'names what pages may send',
    writes: 'names what pages may read',
  },
  'packages/service/src/http/client-errors.ts': { writes: 'the parser has made no request' },
  'packages/service/src/logger.ts': { reads: 'leaves it out of the log' },
  'packages/service/src/postgres/await-schema.ts': { writes: 'there is no service yet' },
  'packages/service/src/tls/secured-fetch.ts': { reads: 'of what auth has answered' },
  'packages/service/src/openapi/document.ts': { reads: 'describes it', writes: 'describes it' },
  'packages/service/src/http/ill-formed.ts': { reads: 'counts the hosts' },
  'packages/verify/src/trpc/refusals.ts': {
    writes: 'the envelope of tRPC, of each call in a batch',
  },
  'packages/api/src/procedures.ts': { writes: 'the envelope of tRPC, of each call in a batch' },
  'apps/auth/src/signin/answer-error.ts': {
    writes: 'the pages of auth, for whom a JSON body says nothing',
  },
  'apps/auth/src/oauth/client-credentials-of.ts': { reads: 'credentials of clients' },
  'apps/auth/src/oauth/oauth-error.ts': {
    writes: 'the form of RFC 6749 section 5.2',
    decides: 'names the code',
  },
  'apps/auth/src/oauth/require-client.ts': {
    decides: 'of clients, by what they are registered with',
  },
  'apps/auth/src/http/answer-verifier-error.ts': { decides: 'names the code' },
  'apps/auth/src/http/grant-endpoint.ts': { decides: 'a client asks for its own service alone' },
  'apps/auth/src/administration/acting-administrator.ts': {
    decides: 'once more, by what the database says in the transaction of the change',
  },
  'apps/auth/src/account/create-administrator.ts': { decides: 'a command, without a caller' },
  'apps/auth/src/session/log-out.ts': { decides: 'a client has no session' },
  'apps/admin/src/auth-service.ts': { decides: 'passes on what auth has decided' },
  'apps/auth/src/oauth/paths.ts': { writes: 'describes it' },
  'apps/auth/src/proof/prove-possession.ts': {
    writes: 'goes along with tokens as well (RFC 9449 section 8.2)',
  },
};

/** What the entries for sockets have loaded early, and make nothing of themselves. */
const LOADED_EARLY = 'packages/verify/src/revocation/load-watchers.ts';

/** Without comments and without what is only the name of a module. */
const code = (text: string): string =>
  text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$|from '[^']*'/gm, '');

function found(): Record<string, Sign[]> {
  const files = DOORS.flatMap((folder) => [...textsBelow(folder)]);
  const signs = Object.entries(SIGNS) as [Sign, RegExp][];
  const rows = files.map(([path, text]): [string, Sign[]] => [
    path,
    signs.filter(([, pattern]) => pattern.test(code(text))).map(([sign]) => sign),
  ]);
  return Object.fromEntries(rows.filter(([, those]) => those.length > 0));
}

it('no service reads a token or writes a refusal of its own, by its text', () => {
  const allowed = Object.entries(OTHERS).map(([path, reasons]) => [path, Object.keys(reasons)]);
  expect(found()).toEqual(Object.fromEntries(allowed));
});

it('each way to a service is made of the guard, by its imports', () => {
  const texts = new Map(DOORS.flatMap((folder) => [...textsBelow(folder)]));
  const modulesOf = (path: string) => modulesIn(texts.get(path) ?? '');
  for (const path of [
    'packages/service/src/service-guard.ts',
    'packages/service/src/http/answer-refusal.ts',
  ]) {
    expect(modulesOf(path), path).toContain('@portcullis/verify/guard');
  }
  for (const path of ['packages/service/src/verification.ts', 'apps/auth/src/compose-server.ts']) {
    expect(texts.get(path), path).toMatch(/\bcreateServiceGuard\(/);
  }
  for (const folder of FOLDERS) {
    const own = [...texts].filter(([path]) => path.startsWith(folder));
    const named = own.flatMap(([path, text]) => importsOf(path, text));
    const outside = new Set(
      named.filter((path) => !path.startsWith(folder) && path !== LOADED_EARLY),
    );
    expect([...outside], folder).toEqual([`${GUARD}index.ts`]);
  }
  // Over REST and tRPC a procedure is asked for its caller through one context.
  for (const path of ['packages/service/src/trpc.ts', 'packages/service/src/rest/rest.ts']) {
    expect(importsOf(path, texts.get(path) ?? ''), path).toContain(
      'packages/service/src/http/request-context.ts',
    );
  }
});

it('the guard needs no framework, no schema library and no more than 21.5 kB', async () => {
  const { metafile, outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: [`${GUARD}index.ts`],
    conditions: ['portcullis-source'],
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    metafile: true,
    write: false,
  });
  const inputs = Object.keys(metafile.inputs);
  expect(inputs.length).toBeGreaterThan(10);
  const others = inputs.filter((path) => !/^packages\/(?:verify|contracts)\/src\//.test(path));
  expect(others).toEqual([]);
  const bytes = outputFiles.reduce((sum, { contents }) => sum + contents.length, 0);
  console.log(`the guard alone, minified: ${bytes} bytes`);
  expect(bytes).toBeLessThan(GUARD_BYTES);
});

function modulesIn(text: string): string[] {
  return [
    ...code(text.replaceAll(/from ('[^']*')/g, 'from:$1')).matchAll(/from:'([^'.][^']*)'/g),
  ].map(([, name = '']) => name);
}

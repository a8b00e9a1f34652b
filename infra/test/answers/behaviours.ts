/** What a request may bring, right and wrong: each row of the table of answers. */
import { oldNonce, youngNonce } from './nonces.ts';
import type { KeyHolder, Stage, Tokens } from './stage.ts';

export interface Target {
  name: string;
  method: string;
  url: string;
  body?: string;
  /** Of the body; `application/json` unless given. */
  type?: string;
}

export type Header = readonly [name: string, value: string];

/** @returns the headers to send to the target */
type Bring = (
  stage: Pick<Stage, 'tokens' | 'holder' | 'stranger'>,
  to: Target,
) => Promise<Header[]>;

/** No server has it read. */
export const TOO_LARGE = 'a header of 20 kB';
const COOKIE = '__Host-portcullis-access';
const authorization = (value: string): Header => ['authorization', value];
const cookieOf = (token: string): Header => ['cookie', `${COOKIE}=${token}`];
const OWN_PAGE: Header = ['sec-fetch-site', 'same-origin'];
const FOREIGN_PAGE: Header[] = [
  ['sec-fetch-site', 'cross-site'],
  ['origin', 'https://elsewhere.example'],
];

const bearer = (name: keyof Tokens): Bring => {
  return async ({ tokens }) => [authorization(`Bearer ${tokens[name]}`)];
};
const raw = (make: (tokens: Tokens) => Header[]): Bring => {
  return async ({ tokens }) => make(tokens);
};

/** A token under the scheme of RFC 9449, with the proofs that are made for it. */
function proven(
  makeProofs: (
    holders: { holder: KeyHolder; stranger: KeyHolder },
    request: { method: string; url: string; token: string },
  ) => Promise<string[]>,
  name: keyof Tokens = 'bound',
): Bring {
  return async ({ tokens, holder, stranger }, { method, url }) => {
    const token = tokens[name];
    const proofs = await makeProofs({ holder, stranger }, { method, url, token });
    return [authorization(`DPoP ${token}`), ...proofs.map((proof): Header => ['dpop', proof])];
  };
}

/** A proof for a host that is none of the service's, and what would make it one, were it believed. */
function forging(lines: (host: string) => Header[]): Bring {
  const host = 'elsewhere.example';
  return async (stage, { url, ...target }) => {
    const { pathname } = new URL(url);
    const bring = proven(async ({ holder }, request) => [
      await holder.prove({ ...request, url: `http://${host}${pathname}` }),
    ]);
    return [...lines(host), ...(await bring(stage, { ...target, url }))];
  };
}

/** A proof without a token, as it comes with a request for one (RFC 9449 section 5). */
function onlyProof(claims: Record<string, unknown>): Bring {
  return async ({ holder }, { method, url }) => [
    ['dpop', await holder.prove({ method, url }, claims)],
  ];
}

/** By what they were made for. */
const spent = new Map<string, string>();
const keyOf = ({ method, url }: { method: string; url: string }) => `${method} ${url}`;

export interface Behaviour {
  name: string;
  bring: Bring;
}

export const BEHAVIOURS: readonly Behaviour[] = [
  { name: 'accepted', bring: bearer('administrator') },
  {
    name: 'accepted: the scheme in small letters',
    bring: raw(({ administrator }) => [authorization(`bearer ${administrator}`)]),
  },
  { name: 'none', bring: raw(() => []) },
  { name: 'an empty header', bring: raw(() => [authorization('')]) },
  { name: 'no token behind the scheme', bring: raw(() => [authorization('Bearer')]) },
  {
    name: 'doubled header',
    bring: raw(({ administrator }) => [
      authorization(`Bearer ${administrator}`),
      authorization(`Bearer ${administrator}`),
    ]),
  },
  {
    name: 'doubled header: another scheme first',
    bring: raw(({ administrator }) => [
      authorization('Basic eDp5'),
      authorization(`Bearer ${administrator}`),
    ]),
  },
  {
    name: 'a list of two',
    bring: raw(({ administrator }) => [
      authorization(`Bearer ${administrator}, Bearer ${administrator}`),
    ]),
  },
  {
    name: 'wrong scheme',
    bring: raw(({ administrator }) => [authorization(`Basic ${administrator}`)]),
  },
  { name: 'no token at all', bring: raw(() => [authorization('Bearer a.b.c')]) },
  {
    name: 'a token that is too long',
    bring: raw(({ administrator }) => [
      authorization(`Bearer ${administrator}${'A'.repeat(10_000)}`),
    ]),
  },
  { name: TOO_LARGE, bring: raw(() => [authorization(`Bearer ${'A'.repeat(20_000)}`)]) },
  { name: 'wrong audience', bring: bearer('ofAnotherAudience') },
  { name: 'expired', bring: bearer('expired') },
  { name: 'missing permission', bring: bearer('newcomer') },
  { name: 'machine token', bring: bearer('machine') },
  { name: 'machine token without the scope', bring: bearer('machineWithoutScope') },
  { name: 'revoked', bring: bearer('revoked') },
  { name: 'claims changed', bring: bearer('changed') },
  {
    name: 'bound',
    bring: proven(async ({ holder }, request) => {
      const proof = await holder.prove(request);
      spent.set(keyOf(request), proof);
      return [proof];
    }),
  },
  {
    name: 'bound: the proof used before',
    bring: proven(async (_, request) => [spent.get(keyOf(request)) ?? '']),
  },
  { name: 'bound without proof', bring: proven(async () => []) },
  { name: 'bound, as a bearer', bring: bearer('bound') },
  {
    name: 'bound with nonce',
    bring: proven(async ({ holder }, request) => [
      await holder.prove(request, { nonce: 'never-given' }),
    ]),
  },
  {
    name: 'bound with a nonce of ours',
    bring: proven(async ({ holder }, request) => [
      await holder.prove(request, { nonce: youngNonce() }),
    ]),
  },
  {
    name: 'bound with a nonce of ours that is to be renewed',
    bring: proven(async ({ holder }, request) => [
      await holder.prove(request, { nonce: oldNonce() }),
    ]),
  },
  {
    name: 'bound: two proofs',
    bring: proven(async ({ holder }, request) => [
      await holder.prove(request),
      await holder.prove(request),
    ]),
  },
  {
    name: 'bound: a proof by another key',
    bring: proven(async ({ stranger }, request) => [await stranger.prove(request)]),
  },
  {
    name: 'bound: a proof for another address',
    bring: proven(async ({ holder }, request) => [
      await holder.prove({ ...request, url: 'https://elsewhere.example/v1/me' }),
    ]),
  },
  {
    name: 'bound: a proof for the Host that is forged',
    bring: forging((host) => [['host', host]]),
  },
  {
    name: 'bound: a proof for the forwarded host that is forged',
    bring: forging((host) => [
      ['x-forwarded-host', host],
      ['forwarded', `host=${host}`],
    ]),
  },
  {
    name: 'bound: a proof for another method',
    bring: proven(async ({ holder }, request) => [
      await holder.prove({ ...request, method: 'DELETE' }),
    ]),
  },
  {
    name: 'bound: a proof too old',
    bring: proven(async ({ holder }, request) => [
      await holder.prove(request, { iat: Math.floor(Date.now() / 1_000) - 120 }),
    ]),
  },
  {
    name: 'not bound, with a proof',
    bring: proven(async ({ holder }, request) => [await holder.prove(request)], 'administrator'),
  },
  { name: 'cookie', bring: raw(({ administrator }) => [cookieOf(administrator), OWN_PAGE]) },
  { name: 'cookie: no browser', bring: raw(({ administrator }) => [cookieOf(administrator)]) },
  { name: 'cookie: revoked', bring: raw(({ revoked }) => [cookieOf(revoked), OWN_PAGE]) },
  { name: 'cookie: bound', bring: raw(({ bound }) => [cookieOf(bound), OWN_PAGE]) },
  {
    name: 'cookie twice',
    bring: raw(({ administrator }) => [
      ['cookie', `${COOKIE}=${administrator}; ${COOKIE}=${administrator}`],
      OWN_PAGE,
    ]),
  },
  {
    name: 'cookie and the same bearer',
    bring: raw(({ administrator }) => [
      cookieOf(administrator),
      OWN_PAGE,
      authorization(`Bearer ${administrator}`),
    ]),
  },
  {
    name: 'cookie and another bearer',
    bring: raw(({ administrator, newcomer }) => [
      cookieOf(administrator),
      OWN_PAGE,
      authorization(`Bearer ${newcomer}`),
    ]),
  },
  {
    name: 'cookie of the insecure form',
    bring: raw(({ administrator }) => [
      ['cookie', `portcullis-insecure-access=${administrator}`],
      OWN_PAGE,
    ]),
  },
  {
    name: 'cross-site cookie',
    bring: raw(({ administrator }) => [cookieOf(administrator), ...FOREIGN_PAGE]),
  },
  {
    name: 'cross-site cookie, revoked',
    bring: raw(({ revoked }) => [cookieOf(revoked), ...FOREIGN_PAGE]),
  },
  {
    name: 'cross-site cookie of a sibling host',
    bring: raw(({ administrator }) => [cookieOf(administrator), ['sec-fetch-site', 'same-site']]),
  },
  {
    name: 'cross-site, a bearer and no cookie',
    bring: raw(({ administrator }) => [...FOREIGN_PAGE, authorization(`Bearer ${administrator}`)]),
  },
];

/** Asked again once nothing vouches for a token any more. */
export const WHILE_STALE: readonly Behaviour[] = BEHAVIOURS.filter(({ name }) =>
  [
    'accepted',
    'none',
    'no token at all',
    'revoked',
    'bound',
    'cookie',
    'cross-site cookie',
  ].includes(name),
).map(({ name, bring }) => ({ name: `stale: ${name}`, bring }));

/** For handlers that throw. */
export const LET_IN: readonly Behaviour[] = BEHAVIOURS.filter(({ name }) =>
  ['accepted', 'none', 'bound', 'cookie'].includes(name),
);

/** For what gives tokens: by which key they are to be bound, and where the browser's page is from. */
export const OF_LOGINS: readonly Behaviour[] = [
  { name: 'login: a proof without a nonce', bring: onlyProof({}) },
  {
    name: 'login: a proof with a nonce that was never given',
    bring: onlyProof({ nonce: 'never-given' }),
  },
  {
    name: 'login: a proof for another address',
    bring: onlyProof({ htu: 'https://elsewhere.example' }),
  },
  { name: 'login: from a page of another site', bring: raw(() => FOREIGN_PAGE) },
  {
    name: 'login: with a cookie, from a page of another site',
    bring: raw(({ administrator }) => [cookieOf(administrator), ...FOREIGN_PAGE]),
  },
  {
    name: 'login: with refresh cookies that are two',
    bring: raw(() => [
      ['cookie', '__Host-portcullis-refresh=a; __Host-portcullis-refresh=b'],
      OWN_PAGE,
    ]),
  },
];

/** For what only clients ask. */
export const OF_CLIENTS: readonly Behaviour[] = [
  { name: 'client: none', bring: raw(() => []) },
  { name: 'client: a wrong secret', bring: raw(() => [authorization('Basic Y2xpX2FkbWluOng=')]) },
  { name: 'client: a token of a user', bring: bearer('newcomer') },
];

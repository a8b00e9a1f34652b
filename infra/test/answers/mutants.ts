/** Guards that leave one check out, or a part of an answer: each is found by the cells of its rows. */
import { Refusal } from '@portcullis/contracts';
import {
  createRouteGuard,
  type GuardOptions,
  type RefusalAnswer,
  type RequestLike,
  type TokenCheck,
} from '@portcullis/verify/guard';
import { createServer } from 'node:http';
import { PREFIX, type Route, type StartFramework } from './frameworks/framework.ts';
import { listen } from './frameworks/listen.ts';
import type { GuardedServer } from './guarded-server.ts';

/** What is left out is replaced. */
interface Parts {
  check(verifier: TokenCheck): TokenCheck;
  options(options: GuardOptions): GuardOptions;
  request(request: RequestLike): RequestLike;
  answer(answer: RefusalAnswer): RefusalAnswer;
}

export interface Mutant extends Partial<Parts> {
  name: string;
  /** Of behaviours, those whose cells tell; none else is asked. */
  rows: readonly string[];
}

const lacking = <T extends object, K extends keyof T>(value: T, name: K): Omit<T, K> => {
  const { [name]: left, ...others } = value;
  void left;
  return others;
};

const without =
  (...names: string[]) =>
  ({ headers, method, url }: RequestLike): RequestLike => {
    const left = Object.entries(headers).filter(([name]) => !names.includes(name));
    return { method, url, headers: Object.fromEntries(left) };
  };

/** Takes every token for what it says. */
export const trusting =
  (codes: readonly string[]) =>
  (verifier: TokenCheck): TokenCheck => ({
    ...(verifier.issuerNowMs !== undefined && { issuerNowMs: verifier.issuerNowMs }),
    verifyMaybeSync: async (token, options) => {
      try {
        return await verifier.verifyMaybeSync(token, options);
      } catch (error) {
        if (!(error instanceof Refusal) || !codes.includes(error.code)) throw error;
        return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
      }
    },
  });

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'takes tokens that do not hold',
    rows: ['expired', 'wrong audience', 'revoked', 'bound, as a bearer', 'cookie: revoked'],
    check: trusting(['invalid_token']),
  },
  {
    name: 'takes claims that have changed',
    rows: ['claims changed'],
    check: trusting(['token_stale']),
  },
  {
    name: 'takes bound tokens without a proof',
    rows: ['bound without proof', 'bound: a proof too old', 'bound: the proof used before'],
    check: trusting(['invalid_dpop_proof']),
  },
  {
    name: 'requires nothing of the caller',
    rows: ['missing permission', 'machine token', 'machine token without the scope'],
    options: (options) => ({ ...options, require: 'any' }),
  },
  {
    name: 'demands no recent login',
    rows: ['accepted'],
    options: (options) => lacking(options, 'login'),
  },
  {
    name: 'demands no nonce',
    rows: ['bound', 'bound with nonce', 'bound with a nonce of ours that is to be renewed'],
    options: (options) => lacking(options, 'nonces'),
  },
  {
    name: 'takes the cookie of any page',
    rows: ['cross-site cookie', 'cross-site cookie of a sibling host'],
    request: without('sec-fetch-site', 'origin'),
  },
  {
    name: 'looks at no cookie',
    rows: ['cookie', 'cross-site cookie', 'cookie twice'],
    options: (options) => lacking(options, 'cookies'),
  },
  {
    name: 'sees the first of two headers',
    rows: ['doubled header'],
    request: without(),
  },
  {
    name: 'sees the first of two proofs',
    rows: ['bound: two proofs'],
    request: ({ headers, method, url }) => {
      const { dpop, ...others } = Object.fromEntries(Object.entries(headers));
      return { method, url, headers: { ...others, dpop: String(dpop).split(', ')[0] } };
    },
  },
  {
    name: 'believes the Host header',
    rows: ['bound: a proof for the Host that is forged'],
    options: ({ publicUrls = [], ...options }) => ({
      ...options,
      publicUrls: [...publicUrls, 'http://elsewhere.example'],
    }),
  },
  {
    name: 'answers without a challenge',
    rows: ['none', 'expired', 'machine token without the scope'],
    answer: (answer) => ({ ...answer, headers: lacking(answer.headers, 'www-authenticate') }),
  },
  {
    name: 'answers what may be stored',
    rows: ['none', 'expired', 'missing permission'],
    answer: (answer) => ({ ...answer, headers: lacking(answer.headers, 'cache-control') }),
  },
  {
    name: 'names no request',
    rows: ['none', 'expired', 'missing permission'],
    answer: (answer) => ({ ...answer, headers: lacking(answer.headers, 'x-request-id') }),
  },
  {
    name: 'names another request in the body',
    rows: ['none', 'expired', 'missing permission'],
    answer: (answer) => ({ ...answer, body: { ...answer.body, request_id: 'req_of_another' } }),
  },
  {
    name: 'answers 403 for 401',
    rows: ['none', 'expired'],
    answer: (answer) => ({ ...answer, status: 403 }),
  },
  {
    name: 'gives one code for all',
    rows: ['claims changed'],
    answer: (answer) => ({ ...answer, body: new Refusal('invalid_token').toBody('') }),
  },
];

export async function startMutant({ start }: GuardedServer, mutant: Mutant): Promise<void> {
  await start(mutant.name, startWith(mutant));
}

const same = <T>(value: T): T => value;

/** As the guard of `node:http` is made, with the parts of the mutant. */
const startWith =
  ({ check = same, options = same, request: seen = same, answer: said = same }: Mutant) =>
  async ({ verifier, common, routes, port }: Parameters<StartFramework>[0]) => {
    const guards = new Map(
      routes.map((route: Route) => [
        `${PREFIX}/${route.name}`,
        createRouteGuard(check(verifier), options({ ...common, ...route.options })),
      ]),
    );
    const server = createServer((request, response) => {
      const guard = guards.get(request.url ?? '');
      void guard?.admit(seen(request)).then(({ headers, answer }) => {
        const type = { 'content-type': 'application/json' };
        if (answer === undefined) return response.writeHead(200, headers).end('{}');
        const changed = said(answer);
        const all = { ...changed.headers, ...type };
        return response.writeHead(changed.status, all).end(JSON.stringify(changed.body));
      });
    });
    return await listen(server, port);
  };

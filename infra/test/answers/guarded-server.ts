/** Services of one's own behind nothing but guards: each framework on servers of its own, for each kind of verifier. */
import { connect } from '@nats-io/transport-node';
import { Refusal } from '@portcullis/contracts';
import { freePort, type TestSystem } from '@portcullis/testbed';
import { createVerifier, type Verifier, type VerifierOptions } from '@portcullis/verify';
import { httpIntrospection } from '@portcullis/verify/feeds/http';
import { connectionOptions, natsFeed } from '@portcullis/verify/feeds/nats';
import { createDpopNonces, type AccessTokenClaims } from '@portcullis/verify/guard';
import { FRAMEWORKS, type Framework } from './frameworks/index.ts';
import { PREFIX, type Guarded, type Route, type StartFramework } from './frameworks/framework.ts';
import { startTrpc } from './frameworks/trpc.ts';
import { NONCE_SECRET } from './nonces.ts';
import { secretOf } from './stage.ts';

const answer = ({ sub }: AccessTokenClaims): object => ({ sub });

/** What is demanded, by the path below the prefix. */
const DEMANDS = {
  users: {},
  permitted: { require: { permission: 'verifiers:read' } },
  administrators: { require: { role: 'admin' } },
  clients: { require: 'client' },
  anybody: { require: 'any' },
  scoped: { require: { scope: 'verifiers:read' } },
  nonces: { nonces: createDpopNonces(NONCE_SECRET) },
  recent: { login: { maxAgeSeconds: 0 } },
} as const satisfies Record<string, Route['options']>;

/** What a handler throws. */
const THROWN = {
  refusing: new Refusal('login_too_old', { demanded: { max_age: 900 } }),
  unavailable: new Refusal('unavailable', { retryAfter: 7 }),
  failing: new Error('the text of a defect'),
} as const;

/** Of a verifier with another policy. */
const POLICIES = { introspecting: {}, strict: { whenStale: 'reject' } } as const;
const LAX = { accepting: {} } as const;

const groups = { DEMANDS, THROWN, POLICIES, LAX };
type Groups = typeof groups;
export type RouteName = { [G in keyof Groups]: keyof Groups[G] }[keyof Groups];

const routesOf = (demands: Record<string, Route['options']>): Route[] =>
  Object.entries(demands).map(([name, options]) => ({ name, options, handle: answer }));

const throwing: Route[] = Object.entries(THROWN).map(([name, error]) => ({
  name,
  options: {},
  handle: () => {
    throw error;
  },
}));

export interface GuardedServer extends AsyncDisposable {
  /** Served by the framework. */
  urlOf(framework: string, name: RouteName): string;
  /** Of a router of one's own, with a procedure `me.get`. */
  trpcUrl: string;
  /** Without a policy of its own. */
  verifier: Verifier;
  /** Of all its verifiers. */
  states(): Verifier['state'][];
  /** Serves all but the policies in the same way, under the name of a framework. */
  start(name: string, start: StartFramework): Promise<void>;
}

export async function startGuardedServer({ auth, bed }: TestSystem): Promise<GuardedServer> {
  const options = connectionOptions({ service: 'guarded', url: bed.natsUrl });
  const connection = await connect(options);
  const verifierWith = async (own: Pick<VerifierOptions, 'whenStale'>): Promise<Verifier> => {
    const feed = natsFeed({ connection, prefix: bed.prefix });
    const audience = 'urn:portcullis:user';
    const made = { issuer: auth.issuer, audience, service: 'guarded', feed, ...own };
    const verifier = await createVerifier(made);
    await verifier.ready();
    return verifier;
  };
  const introspect = httpIntrospection({
    authUrl: auth.url,
    clientId: 'cli_admin',
    clientSecret: secretOf(bed.prefix, 'machine client of admin').toString('base64url'),
  });
  const verifier = await verifierWith({});
  const asking = await verifierWith({ whenStale: { policy: 'introspect', introspect } });
  const lax = await verifierWith({ whenStale: { policy: 'accept', iAcceptRevokedTokens: true } });
  const urls = new Map<string, string>();
  const ends: (() => Promise<unknown>)[] = [];
  const serve = async (
    framework: string,
    start: StartFramework,
    guarded: Pick<Guarded, 'verifier' | 'routes'>,
  ): Promise<void> => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    ends.push(await start({ ...guarded, port, common: { cookies: {}, publicUrls: [url] } }));
    for (const { name } of guarded.routes) {
      urls.set(`${framework}, ${name}`, `${url}${PREFIX}/${name}`);
    }
  };
  const start: GuardedServer['start'] = async (name, framework) =>
    serve(name, framework, { verifier, routes: [...routesOf(DEMANDS), ...throwing] });
  for (const [name, framework] of Object.entries(FRAMEWORKS)) {
    await start(name, framework);
    await serve(name, framework, { verifier: asking, routes: routesOf(POLICIES) });
    await serve(name, framework, { verifier: lax, routes: routesOf(LAX) });
  }
  const trpcPort = await freePort();
  ends.push(await startTrpc(verifier, trpcPort));
  return {
    urlOf: (framework, name) => urls.get(`${framework}, ${name}`) ?? '',
    trpcUrl: `http://127.0.0.1:${trpcPort}`,
    verifier,
    states: () => [verifier, asking, lax].map(({ state }) => state),
    start,
    async [Symbol.asyncDispose]() {
      for (const end of ends) await end();
      for (const each of [verifier, asking, lax]) await each[Symbol.asyncDispose]();
      await connection.close();
    },
  };
}

export const FRAMEWORK_NAMES = Object.keys(FRAMEWORKS) as Framework[];

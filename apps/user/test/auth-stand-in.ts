/** The real auth router on the real HTTP edge, which renames and announces it, and knows no accounts. */
import { createAuthRouter, type AuthService } from '@portcullis/api';
import { newId, Refusal, type AccountEvent, type UserId } from '@portcullis/contracts';
import { machineClaims } from '@portcullis/contracts/schemas';
import {
  createHttpServer,
  createLogger,
  createRegistry,
  createServiceGuard,
} from '@portcullis/service';

const TOKEN = 'machine.token.good';

export async function startAuthStandIn(publish: (event: AccountEvent) => Promise<void>) {
  const faults: { refuse?: Refusal } = {};
  const renamed: { user_id: UserId; name: string | null; requestId: string }[] = [];
  const rename: AuthService['rename'] = async ({ request }, { user_id, name }) => {
    if (faults.refuse !== undefined) throw faults.refuse;
    const occurred_at = Date.now();
    renamed.push({ user_id, name, requestId: request.requestId });
    const event: AccountEvent = {
      version: 1,
      id: newId('evt'),
      type: 'profile-changed',
      user_id,
      name,
      occurred_at,
      actor: { kind: 'user', id: user_id },
      request_id: request.requestId,
    };
    // As auth does it: after the commit, and nothing waits for it.
    void publish(event).catch(() => undefined);
    return { name, changed_at: new Date(occurred_at).toISOString() };
  };
  const other = { get: () => () => Promise.reject(new Error('not for this service')) };
  const administration = {};
  const service: AuthService = Object.assign(Object.create(new Proxy({}, other)), {
    rename,
    administration,
  });
  const server = await createHttpServer({
    title: 'Auth stand-in',
    version: '0',
    production: false,
    logger: createLogger({ service: 'auth', level: 'silent' }),
    registry: createRegistry('auth'),
    router: createAuthRouter(service),
    guard: createServiceGuard(
      {
        verifyMaybeSync: (token) => {
          if (token !== TOKEN) throw new Refusal('invalid_token');
          return machine();
        },
      },
      {},
    ),
    readiness: {},
    trustedProxies: [],
    rawRoutes: (app) => {
      app.post('/oauth2/token', async () => ({
        access_token: TOKEN,
        token_type: 'Bearer',
        expires_in: 600,
        scope: 'users:rename',
      }));
    },
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  return {
    url,
    faults,
    renamed,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const machine = () =>
  machineClaims.parse({
    iss: 'https://issuer.test',
    aud: 'urn:portcullis:auth',
    sub: 'cli_user',
    client_id: 'cli_user',
    exp: 2_000_000_000,
    iat: 1_999_999_400,
    jti: newId('tok'),
    gen: 0,
    cgen: 0,
    igen: 0,
    scope: 'users:rename',
  });

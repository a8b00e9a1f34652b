/** The real auth router on the real HTTP edge, with verbs that remember what they were asked. */
import {
  createAuthRouter,
  type Administration,
  type AuthService,
  type MachineCall,
} from '@portcullis/api';
import {
  newId,
  Refusal,
  type ClientId,
  type MachineClaims,
  type Receipt,
  type UserId,
} from '@portcullis/contracts';
import { clientId, machineClaims } from '@portcullis/contracts/schemas';
import {
  answerRefusal,
  createHttpServer,
  createLogger,
  createRegistry,
  createServiceGuard,
} from '@portcullis/service';

export const CREDENTIALS = {
  clientId: clientId.parse('cli_admin'),
  clientSecret: 'p8Zr2mQ9xLw4TnB8sYc1HfJd6Gu3EaKv',
};

export interface Asked {
  path: string;
  input: unknown;
  requestId: string;
}

const receipt: Receipt = {
  revoked: { kind: 'subject', id: 'x' },
  committed_at: '2026-01-01T00:00:00.000Z',
  published: true,
  confirmed: 2,
  expected: 2,
  pending: [],
  best_effort: [],
  enforced_by: '2026-01-01T00:00:05.000Z',
};

export async function startAuthStandIn() {
  const asked: Asked[] = [];
  /** What the next calls are refused with. */
  const faults: { refuse?: Refusal; tokens: 'good' | 'refused' | 'worthless' } = { tokens: 'good' };

  /** Every operation is noted under its path; what it answers is below. */
  const noted = (path: string, verb: any) => async (call: MachineCall, input?: any) => {
    asked.push({ path, input, requestId: call.request.requestId });
    if (faults.refuse !== undefined) throw faults.refuse;
    return await verb(call, input);
  };
  const account = (id: UserId) => ({
    id,
    email: 'ada@example.test',
    name: null,
    roles: [],
    status: 'active' as const,
    email_verified: true,
    created_at: '2026-01-01T00:00:00.000Z',
    last_login_at: null,
  });
  const client = (id: ClientId) => ({
    id,
    name: 'a service',
    authentication: 'secret' as const,
    scopes: [],
    audiences: [],
    created_at: '2026-01-01T00:00:00.000Z',
    disabled_at: null,
    previous_secret_until: null,
  });
  const kid = newId('key');
  const answers: { [Group in keyof Administration]: Partial<Administration[Group]> } = {
    accounts: {
      list: async () => ({ users: [account(newId('usr'))], next_cursor: null }),
      get: async (_call, input) => account(input.user_id),
      disable: async (_call, input) => ({ user: account(input.user_id), receipt }),
      enable: async (_call, input) => ({ user: account(input.user_id) }),
      remove: async (_call, input) => ({ deleted: input.user_id, receipt }),
      setRoles: async (_call, input) => ({ user: account(input.user_id), receipt }),
      logout: async () => receipt,
    },
    verifiers: { list: async () => ({ verifiers: [] }) },
    keys: { rotate: async () => ({ kid }), kill: async () => receipt },
    clients: {
      list: async () => ({ clients: [], next_cursor: null }),
      create: async (_call, input) => ({ client: client(input.id), client_secret: 'shown once' }),
      rotate: async (_call, input) => ({
        client: client(input.client_id),
        client_secret: 'shown once',
        receipt: null,
      }),
      disable: async (_call, input) => ({ client: client(input.client_id), receipt }),
    },
    audit: { list: async () => ({ entries: [], next_cursor: null }) },
  };
  const administration = Object.fromEntries(
    Object.entries(answers).map(([group, verbs]) => [
      group,
      Object.fromEntries(
        Object.entries(verbs).map(([name, verb]) => [name, noted(`${group}.${name}`, verb)]),
      ),
    ]),
  );
  const people = new Proxy({}, { get: () => () => Promise.reject(new Error('not for machines')) });
  const service: AuthService = Object.assign(Object.create(people), { administration });

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
          if (token !== 'machine.token.good') throw new Refusal('invalid_token');
          return machine();
        },
      },
      {},
    ),
    readiness: {},
    trustedProxies: [],
    rawRoutes: (app) => {
      app.post('/oauth2/token', async (request, reply) => {
        if (faults.tokens === 'refused') {
          return answerRefusal(request, reply, new Refusal('invalid_credentials'));
        }
        const access_token = `machine.token.${faults.tokens}`;
        return { access_token, token_type: 'Bearer', expires_in: 600, scope: '' };
      });
    },
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  return {
    url,
    asked,
    faults,
    stop: () => server[Symbol.asyncDispose](),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function machine(): MachineClaims {
  return machineClaims.parse({
    iss: 'https://issuer.test',
    aud: 'urn:portcullis:auth',
    sub: 'cli_admin',
    client_id: 'cli_admin',
    exp: 2_000_000_000,
    iat: 1_999_999_400,
    jti: newId('tok'),
    gen: 0,
    cgen: 0,
    igen: 0,
    scope:
      'users:read users:write users:delete roles:write sessions:revoke verifiers:read keys:write ' +
      'audit:read clients:read clients:write',
  });
}

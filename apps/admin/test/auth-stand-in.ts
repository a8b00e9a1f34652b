/** The real auth router on the real HTTP edge, with verbs that remember what they were asked. */
import { createAuthRouter, type AccountAdministration, type AuthService } from '@portcullis/api';
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
  verb: string;
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

  const note = (verb: string) => (call: { request: { requestId: string } }, input?: unknown) => {
    asked.push({ verb, input, requestId: call.request.requestId });
    if (faults.refuse !== undefined) throw faults.refuse;
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
  const accounts: AccountAdministration = {
    async list(call, input) {
      note('list')(call, input);
      return { users: [account(newId('usr'))], next_cursor: null };
    },
    async get(call, input) {
      note('get')(call, input);
      return account(input.user_id);
    },
    async disable(call, input) {
      note('disable')(call, input);
      return { user: account(input.user_id), receipt };
    },
    async enable(call, input) {
      note('enable')(call, input);
      return { user: account(input.user_id) };
    },
    async remove(call, input) {
      note('remove')(call, input);
      return { deleted: input.user_id, receipt };
    },
    async setRoles(call, input) {
      note('setRoles')(call, input);
      return { user: account(input.user_id), receipt };
    },
    async rename(call, input) {
      note('rename')(call, input);
      return { name: input.name, changed_at: null };
    },
    async logOut(call, input) {
      note('logOut')(call, input);
      return receipt;
    },
    async listVerifiers(call) {
      note('listVerifiers')(call);
      return { verifiers: [] };
    },
    async rotateKey(call, input) {
      note('rotateKey')(call, input);
      return { kid };
    },
    async listClients(call, input) {
      note('listClients')(call, input);
      return { clients: [], next_cursor: null };
    },
    async createClient(call, input) {
      note('createClient')(call, input);
      return { client: client(input.id), client_secret: 'shown once' };
    },
    async rotateClient(call, input) {
      note('rotateClient')(call, input);
      return { client: client(input.client_id), client_secret: 'shown once', receipt: null };
    },
    async disableClient(call, input) {
      note('disableClient')(call, input);
      return { client: client(input.client_id), receipt };
    },
    async listAudit(call, input) {
      note('listAudit')(call, input);
      return { entries: [], next_cursor: null };
    },
    async killKey(call, input) {
      note('killKey')(call, input);
      return receipt;
    },
  };
  const people = new Proxy({}, { get: () => () => Promise.reject(new Error('not for machines')) });
  const service: AuthService = Object.assign(Object.create(people), { accounts });

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

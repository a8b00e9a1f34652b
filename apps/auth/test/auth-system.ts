/** Instances of the auth service in this process, on servers of their own, and people who use them. */
import { createHash, randomBytes } from 'node:crypto';
import { Disposal } from '@portcullis/service';
import { appDatabase, createTestBed, freePort, type TestBed } from '@portcullis/testbed';
import type { Tokens } from '@portcullis/api';
import type { Role } from '@portcullis/contracts';
import postgres, { type Sql } from 'postgres';
import { ensureClient } from '../src/client/ensure-client.ts';
import { changeOffline } from '../src/commands/change-offline.ts';
import { compose } from '../src/compose.ts';
import { readAuthConfig } from '../src/config.ts';
import type { Factor } from '../src/login/factor.ts';

export const PASSWORD = 'correct horse battery staple';
export const ADMIN = { email: 'admin@example.test', password: 'a drawbridge over still water' };
export const MACHINE = { id: 'cli_test-admin', secret: randomBytes(24).toString('base64url') };
const MACHINE_SCOPES = [
  'users:read',
  'users:write',
  'users:delete',
  'users:rename',
  'roles:write',
  'sessions:revoke',
  'verifiers:read',
  'keys:write',
  'audit:read',
  'clients:read',
  'clients:write',
] as const;

export interface Answer {
  status: number;
  headers: Headers;
  body: any;
}

/** An answer as far as an attacker could distinguish it: without the request's id and the date. */
export function wholeOf({ status, headers, body }: Answer): object {
  const { 'x-request-id': _id, date: _date, ...others } = Object.fromEntries(headers);
  const { request_id: _its, ...said } = body;
  return { status, headers: others, body: said };
}

export interface CallOptions {
  token?: string;
  body?: unknown;
  form?: Record<string, string> | string;
  headers?: Record<string, string>;
}

export class AuthInstance implements AsyncDisposable {
  readonly url: string;
  readonly #owned: Disposal;

  constructor(url: string, owned: Disposal) {
    this.url = url;
    this.#owned = owned;
  }

  async call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const { token, body, form } = options;
    const headers: Record<string, string> = { 'user-agent': 'vitest', ...options.headers };
    if (token !== undefined) headers['authorization'] = `Bearer ${token}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (form !== undefined) headers['content-type'] = 'application/x-www-form-urlencoded';
    const sent =
      body === undefined ? form && new URLSearchParams(form).toString() : JSON.stringify(body);
    const response = await fetch(this.url + path, {
      method,
      headers,
      ...(sent === undefined ? {} : { body: sent }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
  }

  async register(email: string, password = PASSWORD, name?: string): Promise<Answer> {
    return await this.call('POST', '/v1/register', { body: { email, password, name } });
  }

  async logIn(email: string, password = PASSWORD): Promise<Tokens> {
    const answer = await this.call('POST', '/v1/login', { body: { email, password } });
    if (answer.status !== 200) throw new Error(`login: ${answer.status} ${answer.body.code}`);
    return answer.body;
  }

  /** A new account and a session of it. */
  async newcomer(): Promise<Tokens & { email: string }> {
    const email = `${randomBytes(8).toString('hex')}@example.test`;
    const answer = await this.register(email);
    if (answer.status !== 201) throw new Error(`register: ${answer.status} ${answer.body.code}`);
    return { ...(await this.logIn(email)), email };
  }

  async refresh(refreshToken: string, headers?: Record<string, string>): Promise<Answer> {
    const body = { refresh_token: refreshToken };
    return await this.call('POST', '/v1/refresh', headers ? { body, headers } : { body });
  }

  /** Whether the service itself takes the token. */
  async accepts(token: string): Promise<boolean> {
    const { status } = await this.call('GET', '/v1/sessions', { token });
    if (status !== 200 && status !== 401) throw new Error(`neither taken nor refused: ${status}`);
    return status === 200;
  }

  async machineToken(): Promise<string> {
    const answer = await this.call('POST', '/oauth2/token', {
      form: { grant_type: 'client_credentials' },
      headers: basic(MACHINE.id, MACHINE.secret),
    });
    if (answer.status !== 200) throw new Error(`machine token: ${answer.status}`);
    return answer.body.access_token;
  }

  /** A procedure that machines call for an administrator. */
  async machine(procedure: string, input: unknown, token?: string): Promise<Answer> {
    const answer = await this.call('POST', `/trpc/${procedure}`, {
      token: token ?? (await this.machineToken()),
      body: input,
    });
    return { ...answer, body: answer.body.result?.data ?? answer.body.error?.data.portcullis };
  }

  async query(procedure: string, input?: unknown): Promise<Answer> {
    const asked = input === undefined ? '' : `?input=${encodeURIComponent(JSON.stringify(input))}`;
    const token = await this.machineToken();
    const answer = await this.call('GET', `/trpc/${procedure}${asked}`, { token });
    return { ...answer, body: answer.body.result?.data ?? answer.body.error?.data.portcullis };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned[Symbol.asyncDispose]();
  }
}

export class AuthSystem {
  readonly bed: TestBed<'auth'>;
  readonly sql: Sql;
  /** At least one; the first one's address is the issuer. */
  readonly instances: AuthInstance[] = [];
  readonly #env: Record<string, string>;
  readonly #factors: readonly Factor[];

  constructor(bed: TestBed<'auth'>, env: Record<string, string>, factors: readonly Factor[] = []) {
    this.bed = bed;
    this.#env = env;
    this.#factors = factors;
    this.sql = postgres(bed.databaseUrls.auth, { max: 4, onnotice: () => undefined });
    bed.use({ [Symbol.asyncDispose]: async () => await this.sql.end() });
  }

  get auth(): AuthInstance {
    const [first] = this.instances;
    if (first === undefined) throw new Error('no instance was started');
    return first;
  }

  async start(overrides: Record<string, string> = {}): Promise<AuthInstance> {
    const port = await freePort();
    const config = readAuthConfig(this.settings(port, overrides));
    const owned = new Disposal();
    try {
      await compose(config, owned, this.#factors);
    } catch (error) {
      await owned[Symbol.asyncDispose]();
      throw error;
    }
    const instance = this.bed.use(new AuthInstance(`http://127.0.0.1:${port}`, owned));
    this.instances.push(instance);
    return instance;
  }

  /** For an instance on that port, which gives the issuer its name where it is the first. */
  settings(port: number, overrides: Record<string, string> = {}): Record<string, string> {
    this.#env['PORTCULLIS_ISSUER'] ??= `http://127.0.0.1:${port}`;
    return { ...this.#env, PORT: String(port), ...overrides };
  }

  async makeMachineClient(): Promise<void> {
    await changeOffline(this.bed.databaseUrls.auth, async (_, withChange) => {
      await ensureClient(withChange, {
        id: MACHINE.id as `cli_${string}` & { readonly __id: 'cli' },
        name: 'test',
        scopes: [...MACHINE_SCOPES],
        audiences: ['urn:portcullis:auth'],
        secret: MACHINE.secret,
      });
    });
  }

  async idOf(email: string): Promise<string> {
    const [row] = await this.sql`select id from users where email_key = ${email.toLowerCase()}`;
    return row?.['id'];
  }

  async giveRoles(email: string, roles: Role[]): Promise<void> {
    await this.sql`update users set roles = ${roles} where email_key = ${email}`;
  }
}

export async function startAuthSystem(
  options: {
    instances?: number;
    overrides?: Record<string, string>;
    /** What users log in with beside the password. */
    factors?: readonly Factor[];
  } = {},
): Promise<AuthSystem> {
  const bed = await createTestBed({ databases: { auth: appDatabase('auth') } });
  try {
    const env = {
      NODE_ENV: 'test',
      LOG_LEVEL: 'silent',
      NATS_URL: bed.natsUrl,
      REDIS_URL: bed.redisUrl,
      DATABASE_URL: bed.databaseUrls.auth,
      PORTCULLIS_PREFIX: bed.prefix,
      PORTCULLIS_KEY_ENCRYPTION_KEY: createHash('sha256').update(bed.prefix).digest('base64url'),
      PORTCULLIS_ADMIN_EMAIL: ADMIN.email,
      PORTCULLIS_ADMIN_PASSWORD: ADMIN.password,
      PORTCULLIS_REQUIRE_VERIFIED_EMAIL: 'false',
      PORTCULLIS_RATE_LIMIT_SCALE: '10000',
      // The least that is allowed: tests log in thousands of times.
      PORTCULLIS_ARGON2: 'm=19456,t=2,p=1',
      ...options.overrides,
    };
    const system = new AuthSystem(bed, env, options.factors);
    await system.makeMachineClient();
    for (let i = 0; i < (options.instances ?? 1); i += 1) await system.start();
    return system;
  } catch (error) {
    await bed.dispose().catch(() => undefined); // the first error is the one that tells
    throw error;
  }
}

/** The header (0) or the claims (1) of a token, unchecked. */
export function partOf(token: string, part: 0 | 1): Record<string, any> {
  return JSON.parse(Buffer.from(token.split('.')[part] ?? '', 'base64url').toString());
}

export function basic(id: string, secret: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` };
}

/** The three services of this repository as processes, on a bed of their own. */
import { createHash } from 'node:crypto';
import { freePort } from './free-port.ts';
import { nodeWords } from './node-words.ts';
import { run } from './process.ts';
import { repositoryRoot } from './repository.ts';
import { spawnService, type SpawnedService } from './spawned-service.ts';
import { createTestBed, type TestBed } from './test-bed.ts';
import type { DatabaseRecipe } from './test-database.ts';

/** Environment variables that replace or add to what a service gets otherwise. */
export type Overrides = Readonly<Record<string, string>>;

export interface AdministratorCredentials {
  email: string;
  password: string;
}

const VERIFIER_SCOPE = 'revocations:read tokens:introspect';
const USER_CLIENT_SCOPE = `${VERIFIER_SCOPE} users:rename`;
const ADMIN_CLIENT_SCOPE =
  'users:read users:write users:delete roles:write sessions:revoke verifiers:read keys:write ' +
  'audit:read clients:read clients:write ' +
  VERIFIER_SCOPE;

/** The database of one of the apps, migrated by the app's own command. */
export function appDatabase(app: 'auth' | 'user'): DatabaseRecipe {
  const folder = `${repositoryRoot}/apps/${app}`;
  const command = 'src/commands/migrate.ts';
  return {
    name: app,
    sources: [`${folder}/migrations`, `${folder}/${command}`],
    migrate: async (databaseUrl) => {
      await run({
        name: `migrate ${app}`,
        command: process.execPath,
        args: nodeWords(`apps/${app}/${command}`),
        env: { NODE_ENV: 'test', DATABASE_URL: databaseUrl },
      });
    },
  };
}

/** All that an instance of the auth service is made of, before it runs. */
export interface AuthSettings {
  readonly port: number;
  /** What other services need to know of it. */
  readonly issuer: string;
  readonly administrator: AdministratorCredentials;
  /** The environment that it, and each of its commands, runs with. */
  readonly env: Overrides;
}

export type AuthProcess = SpawnedService & AuthSettings;

export async function authSettings(
  bed: TestBed<'auth'> | TestBed<'auth' | 'user'>,
  overrides: Overrides = {},
): Promise<AuthSettings> {
  const port = await freePort();
  const issuer = overrides['PORTCULLIS_ISSUER'] ?? `http://127.0.0.1:${port}`;
  const administrator = {
    email: overrides['PORTCULLIS_ADMIN_EMAIL'] ?? 'admin@example.test',
    password: overrides['PORTCULLIS_ADMIN_PASSWORD'] ?? secretOf(bed, 'administrator'),
  };
  const env = {
    ...busOf(bed, issuer),
    DATABASE_URL: bed.databaseUrls.auth,
    REDIS_URL: bed.redisUrl,
    PORTCULLIS_KEY_ENCRYPTION_KEY: secretOf(bed, 'key encryption'),
    PORTCULLIS_ADMIN_EMAIL: administrator.email,
    PORTCULLIS_ADMIN_PASSWORD: administrator.password,
    PORTCULLIS_REQUIRE_VERIFIED_EMAIL: 'false',
    PORTCULLIS_RATE_LIMIT_SCALE: '10000',
    // The least that is allowed: tests log in thousands of times.
    PORTCULLIS_ARGON2: 'm=19456,t=2,p=1',
    ...overrides,
  };
  return { port, issuer, administrator, env };
}

/**
 * The auth service. Several on one bed are instances of one service, when the later ones are given
 * the issuer of the first as PORTCULLIS_ISSUER.
 */
export async function startAuth(
  bed: TestBed<'auth'> | TestBed<'auth' | 'user'>,
  overrides: Overrides = {},
): Promise<AuthProcess> {
  return spawnAuth(bed, await authSettings(bed, overrides));
}

async function spawnAuth(bed: TestBed, settings: AuthSettings): Promise<AuthProcess> {
  const { env, port } = settings;
  const service = await spawnService({ name: 'auth', entry: 'apps/auth/src/main.ts', env, port });
  return bed.use(Object.assign(service, settings));
}

/**
 * The user service. Several on one bed are instances of one service. Without `ensureUserClient` it
 * gets grants over NATS only.
 */
export async function startUser(
  bed: TestBed<'user'> | TestBed<'auth' | 'user'>,
  issuer: string,
  overrides: Overrides = {},
): Promise<SpawnedService> {
  const { id, secret } = userClient(bed);
  const env = {
    ...busOf(bed, issuer),
    DATABASE_URL: bed.databaseUrls.user,
    PORTCULLIS_AUDIENCE: 'urn:portcullis:user',
    PORTCULLIS_CLIENT_ID: id,
    PORTCULLIS_CLIENT_SECRET: secret,
    ...overrides,
  };
  return bed.use(await spawnService({ name: 'user', entry: 'apps/user/src/main.ts', env }));
}

/** The admin service, and the machine client that it reaches the auth service with. */
export async function startAdmin(
  bed: TestBed,
  auth: AuthProcess,
  overrides: Overrides = {},
): Promise<SpawnedService> {
  await ensureMachineClient(auth, adminClient(bed));
  return spawnAdmin(bed, auth, overrides);
}

async function spawnAdmin(
  bed: TestBed,
  auth: AuthProcess,
  overrides: Overrides = {},
): Promise<SpawnedService> {
  const { id, secret } = adminClient(bed);
  const env = {
    ...busOf(bed, auth.issuer),
    PORTCULLIS_AUTH_URL: auth.url,
    PORTCULLIS_AUDIENCE: 'urn:portcullis:admin',
    PORTCULLIS_CLIENT_ID: id,
    PORTCULLIS_CLIENT_SECRET: secret,
    ...overrides,
  };
  return bed.use(await spawnService({ name: 'admin', entry: 'apps/admin/src/main.ts', env }));
}

/** Makes the machine client of the user service. */
export async function ensureUserClient(bed: TestBed, auth: AuthSettings): Promise<void> {
  await ensureMachineClient(auth, userClient(bed));
}

function userClient(bed: TestBed<'user'> | TestBed): SecretClientSpec {
  const secret = secretOf(bed, 'machine client of user');
  return { id: 'cli_user', name: 'user', scope: USER_CLIENT_SCOPE, secret };
}

function adminClient(bed: TestBed): SecretClientSpec {
  return {
    id: 'cli_admin',
    name: 'admin',
    scope: ADMIN_CLIENT_SCOPE,
    secret: secretOf(bed, 'machine client of admin'),
  };
}

type SecretClientSpec = Extract<MachineClientSpec, { secret: string }>;

export type MachineClientSpec = {
  id: `cli_${string}`;
  name: string;
  /** Permissions, joined by spaces. */
  scope: string;
  audience?: string | readonly string[];
  /** What it proves itself with: a secret, or a JWK set of public keys. */
} & ({ secret: string; jwks?: never } | { jwks: object; secret?: never });

/**
 * Makes a machine client, or changes it to what is given. Needs the database only; the service may
 * be running or not.
 */
export async function ensureMachineClient(
  auth: AuthSettings,
  spec: MachineClientSpec,
): Promise<void> {
  await run({
    name: `ensure-client ${spec.id}`,
    command: process.execPath,
    args: [
      ...nodeWords('apps/auth/src/commands/ensure-client.ts'),
      `--id=${spec.id}`,
      `--name=${spec.name}`,
      `--scope=${spec.scope}`,
      ...[spec.audience ?? 'urn:portcullis:auth'].flat().map((one) => `--audience=${one}`),
    ],
    env: {
      NODE_ENV: 'test',
      ...auth.env,
      ...(spec.secret === undefined
        ? { PORTCULLIS_CLIENT_JWKS: JSON.stringify(spec.jwks) }
        : { PORTCULLIS_CLIENT_SECRET: spec.secret }),
    },
  });
}

export interface TestSystem extends AsyncDisposable {
  readonly bed: TestBed<'auth' | 'user'>;
  readonly auth: AuthProcess;
  readonly user: SpawnedService;
  readonly admin: SpawnedService;
  readonly administrator: AdministratorCredentials;
}

/**
 * Auth, user and admin, ready.
 *
 * @throws Error with the log of the service that did not become ready
 */
export async function startSystem(
  overrides: { auth?: Overrides; user?: Overrides; admin?: Overrides } = {},
): Promise<TestSystem> {
  const bed = await createTestBed({
    databases: { auth: appDatabase('auth'), user: appDatabase('user') },
  });
  try {
    const settings = await authSettings(bed, overrides.auth);
    const [auth] = await allSettled([
      spawnAuth(bed, settings),
      ensureMachineClient(settings, adminClient(bed)),
      ensureUserClient(bed, settings),
    ]);
    const [user, admin] = await allSettled([
      startUser(bed, auth.issuer, overrides.user),
      spawnAdmin(bed, auth, overrides.admin),
    ]);
    const { administrator } = auth;
    return { bed, auth, user, admin, administrator, [Symbol.asyncDispose]: () => bed.dispose() };
  } catch (error) {
    await bed.dispose().catch(() => {}); // the first error is the one that matters
    throw error;
  }
}

function busOf(bed: TestBed, issuer: string): Record<string, string> {
  return { PORTCULLIS_ISSUER: issuer, NATS_URL: bed.natsUrl, PORTCULLIS_PREFIX: bed.prefix };
}

/** 32 bytes in base64url, the same for every instance on this bed, and for no other bed. */
function secretOf(bed: TestBed, purpose: string): string {
  return createHash('sha256').update(`${bed.prefix} ${purpose}`).digest('base64url');
}

/** Waits for all even when one fails, so that what the others start is there to be disposed of. */
async function allSettled<T extends readonly Promise<unknown>[]>(
  work: readonly [...T],
): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(work);
  return Promise.all(work);
}

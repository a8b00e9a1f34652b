/** An auth service of this commit or of another, with a database, streams and Redis keys of its own. */
import {
  appDatabase,
  authSettings,
  createTestBed,
  ensureMachineClient,
  run,
  spawnService,
  testServers,
  Worker,
  type AuthSettings,
  type DatabaseRecipe,
  type Overrides,
  type TestBed,
} from '@portcullis/testbed';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { VerifyingSettings } from './verifying-process.ts';

export interface SubjectOptions {
  /** As tables name it. */
  readonly name: string;
  /** The folder of another commit, installed and built; this one unless given. */
  readonly checkout?: string | undefined;
  readonly overrides?: Overrides;
  /** Given the address of its database, before auth starts. */
  fill?(databaseUrl: string): Promise<void>;
}

export interface Subject extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  readonly databaseUrl: string;
  /** How many have been added. */
  readonly verifiers: number;
  /** A machine client with these permissions. @returns the value of its `Authorization` header */
  addClient(id: `cli_${string}`, scope: string): Promise<string>;
  /** So many verifiers of its own commit in one process, each ready; they end with the subject. */
  addVerifiers(service: string, count: number): Promise<void>;
}

/** @throws Error with its log, when it does not become ready */
export async function startSubject({
  name,
  checkout,
  overrides,
  fill,
}: SubjectOptions): Promise<Subject> {
  const { natsUrl, redisUrl } = testServers();
  const bed = await createTestBed({ databases: { auth: databaseOf(checkout) } });
  try {
    await fill?.(bed.databaseUrls.auth);
    // Straight to the servers: the bed's own way leads through a proxy in this process.
    const straight = { NATS_URL: natsUrl, REDIS_URL: redisUrl, LOG_LEVEL: 'warn', ...overrides };
    const settings = await authSettings(bed, straight);
    const entry = programOf(checkout, 'main');
    const service = bed.use(
      await spawnService({ name, entry, env: settings.env, port: settings.port }),
    );
    let verifiers = 0;
    return {
      name,
      url: service.url,
      pid: service.process.pid,
      databaseUrl: bed.databaseUrls.auth,
      get verifiers() {
        return verifiers;
      },
      async addClient(id, scope) {
        const secret = createHash('sha256').update(`${bed.prefix} ${id}`).digest('base64url');
        await ensureClient(checkout, settings, { id, secret, scope });
        return `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
      },
      addVerifiers: async (of, count) => {
        const { issuer } = settings;
        await startVerifiers(bed, { checkout, issuer, natsUrl, service: of, count });
        verifiers += count;
      },
      [Symbol.asyncDispose]: () => bed.dispose(),
    };
  } catch (error) {
    await bed.dispose().catch(() => undefined); // the first error is the one that matters
    throw error;
  }
}

interface Verifiers {
  checkout: string | undefined;
  issuer: string;
  natsUrl: string;
  service: string;
  count: number;
}

async function startVerifiers(
  bed: TestBed<'auth'>,
  { checkout, ...verifiers }: Verifiers,
): Promise<void> {
  const settings: VerifyingSettings = { ...verifiers, prefix: bed.prefix, checkout };
  bed.use(await Worker.start({ entry: 'bench/capacity/verifying-process.ts', settings }));
}

async function ensureClient(
  checkout: string | undefined,
  settings: AuthSettings,
  { id, secret, scope }: { id: `cli_${string}`; secret: string; scope: string },
): Promise<void> {
  const client = { id, name: id, scope, secret };
  if (checkout === undefined) return await ensureMachineClient(settings, client);
  await run({
    name: `ensure-client ${id}`,
    command: process.execPath,
    args: [
      programOf(checkout, 'commands/ensure-client'),
      `--id=${id}`,
      `--name=${id}`,
      `--scope=${scope}`,
      '--audience=urn:portcullis:auth',
    ],
    env: { NODE_ENV: 'test', ...settings.env, PORTCULLIS_CLIENT_SECRET: secret },
  });
}

function databaseOf(checkout: string | undefined): DatabaseRecipe {
  if (checkout === undefined) return appDatabase('auth');
  return {
    name: 'former_auth',
    sources: [join(checkout, 'apps', 'auth', 'migrations')],
    migrate: async (databaseUrl) => {
      await run({
        name: 'migrate',
        command: process.execPath,
        args: [programOf(checkout, 'commands/migrate')],
        env: { NODE_ENV: 'test', DATABASE_URL: databaseUrl },
      });
    },
  };
}

/** As `spawnService` and Node take it. */
const programOf = (checkout: string | undefined, name: string): string =>
  checkout === undefined
    ? `apps/auth/src/${name}.ts`
    : join(checkout, 'apps', 'auth', 'dist', `${name}.js`);

/** A whole system as `npm start` runs it, in a data folder of its own, and `npm run service` beside it. */
import { freePort, SOURCE_RUNNER, TestProcess } from '@portcullis/testbed';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isFree } from '../system/free-port.ts';
import { bundleStandIn } from './bundle-stand-in.ts';

const STAND_INS = 'infra/test/stand-in';
const START_MS = 240_000;
const COMMAND_MS = 90_000;

/** What it writes of services, and what comes of the start alone. */
const OF_SERVICES = ['services.json', 'services', 'nats.conf', 'secrets'];

export interface Ended {
  status: number | NodeJS.Signals;
  output: string;
}

export class OwnSystem implements AsyncDisposable {
  readonly folder: string;
  readonly #port: number;
  readonly #env: Readonly<Record<string, string>>;
  #serviceWords: readonly string[] = bySources('own-service');
  #bundles = '';
  #process: TestProcess | undefined;

  private constructor(folder: string, port: number, env: Readonly<Record<string, string>>) {
    this.folder = folder;
    this.#port = port;
    this.#env = env;
  }

  /** @param env beside the administrator, whom each start has */
  static async start(env: Readonly<Record<string, string>> = {}): Promise<OwnSystem> {
    const folder = await mkdtemp(join(tmpdir(), 'portcullis-own-system-'));
    const system = new OwnSystem(folder, await threePorts(), {
      PORTCULLIS_ADMIN_EMAIL: 'admin@example.test',
      PORTCULLIS_ADMIN_PASSWORD: 'a lantern above the western gate',
      PORTCULLIS_ARGON2: 'm=19456,t=2,p=1',
      PORTCULLIS_RATE_LIMIT_SCALE: '10000',
      ...env,
    });
    await system.start();
    return system;
  }

  get authUrl(): string {
    return `http://localhost:${this.#port}`;
  }

  get userUrl(): string {
    return `http://localhost:${this.#port + 1}`;
  }

  get adminUrl(): string {
    return `http://localhost:${this.#port + 2}`;
  }

  get log(): string {
    return this.#process?.log ?? '';
  }

  async start(): Promise<void> {
    const started = this.#run(bySources('own-system'), [this.folder], { PORT: String(this.#port) });
    this.#process = started;
    const deadline = performance.now() + START_MS;
    while (!started.log.includes('Portcullis is ready')) {
      if (!started.running || performance.now() > deadline) {
        await started.stop();
        throw new Error(`it did not start:\n${started.log}`);
      }
      await sleep(50);
    }
  }

  /** As Ctrl-C ends it. */
  async stop(): Promise<void> {
    // It stops what it has started one after the other, which may take longer than a test's process is given.
    this.#process?.kill('SIGINT');
    await this.#process?.exited;
    this.#process = undefined;
  }

  /** `npm run service -- …words`, with these settings beside those of the start. */
  beginService(words: readonly string[], env: Record<string, string> = {}): TestProcess {
    return this.#run(this.#serviceWords, [this.folder, ...words], env);
  }

  /** Has `npm run service` start in a fifth of the time from here on, out of the same sources. */
  async bundleService(): Promise<void> {
    this.#bundles = await mkdtemp(join(tmpdir(), 'portcullis-own-service-'));
    this.#serviceWords = [await bundleStandIn('own-service', this.#bundles)];
  }

  async service(...words: string[]): Promise<Ended> {
    return await this.#ended(this.beginService(words));
  }

  async #ended(child: TestProcess): Promise<Ended> {
    const late = setTimeout(() => child.kill(), COMMAND_MS);
    const status = await child.exited;
    clearTimeout(late);
    return { status, output: child.log };
  }

  /** `npm run demo` on it. */
  async demo(): Promise<Ended> {
    return await this.#ended(this.#run(bySources('own-demo'), [this.folder], {}));
  }

  /** What there is of services, by file. */
  async files(): Promise<Record<string, string>> {
    const all: Record<string, string> = {};
    for (const name of await readdir(this.folder, { recursive: true, withFileTypes: true })) {
      if (!name.isFile()) continue;
      const path = join(name.parentPath, name.name).slice(this.folder.length + 1);
      if (!OF_SERVICES.some((one) => path === one || path.startsWith(`${one}/`))) continue;
      all[path] = await readFile(join(this.folder, path), 'utf8');
    }
    return all;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
    if (this.#bundles !== '') await rm(this.#bundles, { recursive: true, force: true });
  }

  #run(
    program: readonly string[],
    words: readonly string[],
    env: Record<string, string>,
  ): TestProcess {
    return new TestProcess({
      name: program.at(-1) ?? '',
      command: process.execPath,
      args: [...program, ...words],
      env: { ...this.#env, ...env },
    });
  }
}

const bySources = (standIn: string): string[] => [...SOURCE_RUNNER, `${STAND_INS}/${standIn}.ts`];

/** The first of three free ports in a row. */
export async function threePorts(): Promise<number> {
  for (;;) {
    const first = await freePort();
    const others = [first + 1, first + 2];
    if (first < 65_000 && (await Promise.all(others.map(isFree))).every(Boolean)) return first;
  }
}

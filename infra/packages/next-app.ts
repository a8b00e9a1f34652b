/** A project with Next.js and packages of ours, built, and served by `next start`. */
import { freePort, TestProcess } from '@portcullis/testbed';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { withOwn } from './pack.ts';
import { Project } from './project.ts';
import type { Stage } from './stage.ts';
import { ROOT } from '../paths.ts';

/** Of a project with Next.js: what it is made with, and what it is checked by. */
const VERSIONS = {
  next: '16.4.6',
  react: '^19.0.0',
  'react-dom': '^19.0.0',
  '@types/node': '^20.19.0',
  '@types/react': '^19.0.0',
  typescript: '5.9.3',
};
/** Next.js adds to it what it needs. */
const TSCONFIG = { compilerOptions: { strict: true, exactOptionalPropertyTypes: true } };
const PROGRAM = 'node_modules/next/dist/bin/next';
const BUILD_LIMIT_MS = 300_000;
const START_LIMIT_MS = 60_000;
/** It would say to its makers that it was run. */
const QUIET = { NEXT_TELEMETRY_DISABLED: '1' };

export interface ServedBy {
  node: string;
  /** The addresses of the services. */
  auth: string;
  user: string;
}

export class NextApp {
  readonly #project: Project;

  private constructor(project: Project) {
    this.#project = project;
  }

  /** @throws Error with what npm or Next.js says */
  static async build({ folder, tarballs }: Stage): Promise<NextApp> {
    const project = new Project(join(folder, 'next-app'), process.execPath);
    const used = tarballs.filter((one) => one.folder === 'react');
    const files = used.flatMap((one) => withOwn(one, tarballs));
    await project.install(files, VERSIONS);
    cpSync(join(ROOT, 'infra', 'test', 'next-app'), project.folder, { recursive: true });
    project.write('tsconfig.json', JSON.stringify(TSCONFIG));
    await project.runWith([PROGRAM, 'build'], QUIET, BUILD_LIMIT_MS);
    return new NextApp(project);
  }

  /** Servers of one build, as behind a balancer. @throws Error with what one has written that does not answer in time */
  async startSeveral(count: number, by: ServedBy): Promise<{ urls: string[] } & AsyncDisposable> {
    const servers: TestProcess[] = [];
    const urls: string[] = [];
    const stop = async (): Promise<void> => {
      await Promise.all(servers.map((one) => one.stop()));
    };
    try {
      while (urls.length < count) {
        const { server, url } = await this.#start(by);
        servers.push(server);
        urls.push(url);
      }
    } catch (error) {
      await stop();
      throw error;
    }
    return { urls, [Symbol.asyncDispose]: stop };
  }

  async #start({ node, auth, user }: ServedBy): Promise<{ server: TestProcess; url: string }> {
    const port = await freePort();
    const server = new TestProcess({
      name: `next start by ${node}`,
      command: node,
      args: [PROGRAM, 'start', '--hostname', '127.0.0.1', '--port', String(port)],
      cwd: this.#project.folder,
      env: { ...QUIET, AUTH_URL: auth, USER_URL: user },
    });
    const url = `http://127.0.0.1:${port}`;
    for (const deadline = performance.now() + START_LIMIT_MS; ; await sleep(100)) {
      // Of nobody; its parts are loaded with the first request.
      const answer = await fetch(`${url}/mine`).catch(() => undefined);
      if (answer?.status === 401) return { server, url };
      if (server.running && performance.now() < deadline) continue;
      await server.stop();
      throw new Error(`next start answered ${answer?.status ?? 'nothing'}:\n${server.log}`);
    }
  }
}

import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inSession } from './lifetime/session.ts';
import { stage } from './lifetime/supervisor.ts';
import { DEV_FOLDER, ROOT } from './paths.ts';
import { secretFile } from './secrets.ts';
import { turbo, turboEnvironment } from './services/build.ts';
import { chosenPorts, requireFreePorts } from './services/catalogue.ts';
import { SERVICES } from './service-names.ts';
import type { ServiceEnvironment } from './services/environment.ts';
import { requireNoneRunning } from './services/running-system.ts';
import { prepareSystem } from './services/system.ts';

/** `npm run dev`: the same servers and settings, and `turbo run dev` in watch mode until Ctrl-C. */
export async function main(): Promise<number> {
  requireNoneRunning(DEV_FOLDER);
  return await inSession(DEV_FOLDER, 'npm run dev', async (session) => {
    const ports = chosenPorts();
    await requireFreePorts(ports);
    const { environments } = await prepareSystem(session, ports);

    // turbo has one environment for all; each service's `dev` script loads the file that is its own.
    const folder = dirname(secretFile(session.dataFolder, 'key-encryption-key'));
    const settings = new Set<string>();
    for (const service of SERVICES) {
      writeFileSync(join(folder, `${service}.env`), asFile(environments[service]), { mode: 0o600 });
      for (const name of Object.keys(environments[service])) settings.add(name);
    }
    // What is set already wins over such a file, so none of those names may be set.
    const outside = Object.entries(turboEnvironment()).filter(
      ([name]) => name === 'PATH' || name === 'HOME' || !settings.has(name),
    );
    const running = await session.supervisor.start({
      name: 'turbo run dev',
      argv: turbo('run', 'dev', '--filter=./apps/*'),
      stage: stage.app,
      env: Object.fromEntries(outside),
      cwd: ROOT,
      output: 'inherit',
      graceMs: 15_000,
      wholeTree: true,
    });
    const status = await running.exited;
    return session.signal.aborted ? 0 : status;
  });
}

/** As `node --env-file` reads it. */
function asFile(environment: ServiceEnvironment): string {
  const rows = Object.entries(environment).filter(([name]) => name !== 'PATH' && name !== 'HOME');
  return rows.map(([name, value]) => `${name}=${JSON.stringify(value)}\n`).join('');
}

import { relative } from 'node:path';
import { inSession, type Session } from './lifetime/session.ts';
import type { RunningProcess } from './lifetime/supervisor.ts';
import { tail } from './lifetime/tail.ts';
import { DEV_FOLDER, ROOT } from './paths.ts';
import { bold, green, StepFailure } from './steps.ts';
import { chosenPorts, requireFreePorts } from './services/catalogue.ts';
import { SERVICES } from './service-names.ts';
import type { Administrator } from './services/first-administrator.ts';
import { environmentFile } from './services/own-service-environment.ts';
import { ownServices, present } from './nats/own-services.ts';
import { noteRunning, requireNoneRunning } from './services/running-system.ts';
import { serviceLog } from './services/run-service.ts';
import { prepareSystem, runServices } from './services/system.ts';
import { printMailLinks } from './services/print-mail-links.ts';

/** `npm start`: the whole system, until Ctrl-C. */
export async function main(): Promise<number> {
  return await runSystem(DEV_FOLDER);
}

/** @returns the exit status, once it was asked to end */
export async function runSystem(dataFolder: string): Promise<number> {
  requireNoneRunning(dataFolder);
  return await inSession(dataFolder, 'npm start', async (session) => {
    const ports = chosenPorts();
    await requireFreePorts(ports);
    const { environments, administrator } = await prepareSystem(session, ports);
    const services = await runServices(session, environments);
    noteRunning(session, ports, environments.auth);
    printMailLinks(session.dataFolder, session.signal);
    announce(
      Object.fromEntries(SERVICES.map((name) => [name, `http://localhost:${ports[name]}`])),
      administrator,
    );
    announceOwnServices(session.dataFolder);
    console.log(`\n${bold(green('Portcullis is ready'))} (${seconds()} s). Ctrl-C stops it.`);
    return untilItEnds(session, services);
  });
}

/** Since the process began, so that the installation counts too. */
const seconds = (): string => (performance.now() / 1000).toFixed(1);

function announce(addresses: Record<string, string>, administrator: Administrator): void {
  console.log();
  for (const [name, address] of Object.entries(addresses)) {
    console.log(`  ${name.padEnd(6)} ${address}    documentation: ${address}/docs`);
  }
  console.log();
  const kept = '.portcullis/dev-admin.json';
  if (administrator.origin === 'generated now') {
    console.log(`  administrator  ${administrator.email}   password  ${administrator.password}`);
    console.log(`                 (shown this once; kept in ${kept})`);
  } else if (administrator.origin === 'generated before') {
    console.log(`  administrator  ${administrator.email}   password in ${kept}`);
  } else {
    console.log(`  administrator  ${administrator.email}   from the environment`);
  }
  const body =
    administrator.origin === 'environment'
      ? `'{"email":"${administrator.email}","password":"..."}'`
      : `@${kept}`;
  console.log('\n  Log in:\n');
  console.log(
    `    curl -sS ${addresses['auth']}/v1/login -H 'content-type: application/json' -d ${body}\n`,
  );
}

function announceOwnServices(dataFolder: string): void {
  const all = ownServices(dataFolder);
  for (const { name } of all.filter(({ removed }) => removed === true)) {
    console.log(`  ${name} was not removed to the end: npm run service -- remove ${name}`);
  }
  for (const service of present(all)) {
    console.log(
      `  ${service.name}: settings in ${relative(ROOT, environmentFile(dataFolder, service))}`,
    );
  }
}

async function untilItEnds(session: Session, services: RunningProcess[]): Promise<number> {
  const asked = new Promise<'asked'>((resolve) => {
    if (session.signal.aborted) resolve('asked');
    session.signal.addEventListener('abort', () => resolve('asked'), { once: true });
  });
  const ended = Promise.race(
    services.map(async (service) => ({ service, status: await service.exited })),
  );
  const first = await Promise.race([asked, ended]);
  if (first === 'asked' || session.signal.aborted) return 0;
  const { service, status } = first;
  const log = serviceLog(session, service.name);
  const what = `${service.name} has ended by itself, with exit status ${status}; all the rest is stopped.`;
  throw new StepFailure(`${tail(log)}\n\n${what}`, {
    fix: `mend what ${relative(ROOT, log)} says, if it says why; then: ${session.purpose}`,
  });
}

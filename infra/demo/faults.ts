/** What is wrong with the system that runs, once a step of the demo did not hold: what does not answer, and what to do. */
import { join, relative } from 'node:path';
import { ROOT } from '../paths.ts';
import { RESTART } from '../own-services/nats-users.ts';
import { ask } from '../servers/ask.ts';
import { serverHome, type ServerHome } from '../servers/server-home.ts';
import { TITLE } from '../servers/server-ends.ts';
import { SERVICES } from '../service-names.ts';
import type { ServicePorts } from '../services/catalogue.ts';
import { noted } from '../services/noted-system.ts';
import { askReady } from '../services/run-service.ts';
import { demandRunning, runningSystem, SystemNotRunning } from '../services/running-system.ts';
import { StepFailure } from '../steps.ts';
import { ADDRESS_SETTING, SERVERS, type ServerName } from '../system/server-name.ts';

const AGAIN = 'npm run demo';

/** @returns lines: the faults, and the one thing to do about the first */
export async function faultsOf(dataFolder: string, ports: ServicePorts): Promise<string[]> {
  const given = givenOtherwise(dataFolder);
  if (given !== undefined) return [given.message, `Fix: ${given.fix}`];
  const logs = relative(ROOT, join(dataFolder, 'logs'));
  const servers = await faultsOfServers(dataFolder);
  const [first] = servers;
  if (first !== undefined) {
    return [...servers.map(({ what }) => what), `Fix: ${fixFor(first)}; then: ${AGAIN}`];
  }
  const services = await faultsOfServices(ports);
  return [...services, `Fix: mend what the last lines of ${logs}/*.log say; then: ${AGAIN}`];
}

/** Where this shell names other servers than the system uses, nothing is known of those. */
function givenOtherwise(dataFolder: string): StepFailure | undefined {
  try {
    demandRunning(dataFolder, AGAIN);
    return undefined;
  } catch (error) {
    if (error instanceof SystemNotRunning) return undefined;
    if (error instanceof StepFailure) return error;
    throw error;
  }
}

interface ServerFault {
  name: ServerName;
  home: ServerHome;
  what: string;
}

/** Of a system that this launcher's data folder knows; of another one it has no addresses. */
async function faultsOfServers(dataFolder: string): Promise<ServerFault[]> {
  if (runningSystem(dataFolder) === undefined) return [];
  const { auth } = noted(dataFolder);
  const faults = SERVERS.map(async (name): Promise<ServerFault[]> => {
    const home = serverHome(dataFolder, name);
    if (home === 'ended') {
      return [{ name, home, what: `${TITLE[name]}, which npm start has run, has ended.` }];
    }
    const why = await problemOf(() => ask[name](auth[ADDRESS_SETTING[name]] ?? ''));
    if (why === undefined) return [];
    return [{ name, home, what: `${TITLE[name]} does not answer: ${why}` }];
  });
  return (await Promise.all(faults)).flat();
}

function fixFor({ name, home }: ServerFault): string {
  return home === 'given' ? `have ${ADDRESS_SETTING[name]} name a server that answers` : RESTART;
}

async function faultsOfServices(ports: ServicePorts): Promise<string[]> {
  const faults = SERVICES.map(async (name) => {
    const why = await problemOf(() => askReady(ports[name]));
    return why === undefined ? [] : [`${name} is not ready: ${why}`];
  });
  return (await Promise.all(faults)).flat();
}

async function problemOf(work: () => Promise<void>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

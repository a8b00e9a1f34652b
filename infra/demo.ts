import { DEV_FOLDER } from './paths.ts';
import { faultsOf } from './demo/faults.ts';
import { tellStory } from './demo/story.ts';
import { inSession } from './lifetime/session.ts';
import { firstAdministrator, type Administrator } from './services/first-administrator.ts';
import { chosenPorts, freePorts, type ServicePorts } from './services/catalogue.ts';
import { answersReady } from './services/run-service.ts';
import { runningSystem } from './services/running-system.ts';
import { prepareSystem, runServices } from './services/system.ts';
import { note } from './steps.ts';

/** `npm run demo`: on the system that runs, or on one that it starts and stops. */
export async function main(): Promise<number> {
  const running = await findRunning();
  if (running) return await demonstrate(DEV_FOLDER, running, firstAdministrator());
  return inSession(DEV_FOLDER, 'npm run demo', async (session) => {
    const ports = await freePorts(session.dataFolder);
    const { environments, administrator } = await prepareSystem(session, ports);
    await runServices(session, environments);
    console.log();
    return await verdict(await tellStory(ports, administrator), session.dataFolder, ports);
  });
}

/** On the system that runs. @returns the exit status */
export async function demonstrate(
  dataFolder: string,
  ports: ServicePorts,
  administrator: Administrator,
): Promise<number> {
  note(`on the system that runs at http://localhost:${ports.auth}\n`);
  return await verdict(await tellStory(ports, administrator), dataFolder, ports);
}

/** A demo that does not hold names what is wrong, and the next step. */
async function verdict(held: boolean, dataFolder: string, ports: ServicePorts): Promise<number> {
  console.log(held ? '\nEvery step held.' : '\nNot every step held.');
  if (held) return 0;
  for (const line of await faultsOf(dataFolder, ports)) console.log(line);
  return 1;
}

async function findRunning(): Promise<ServicePorts | undefined> {
  const noted = runningSystem(DEV_FOLDER);
  if (noted) return noted;
  // A developer who sets PORT means a system there, however it was started.
  if (process.env['PORT'] === undefined) return undefined;
  const ports = chosenPorts();
  return (await answersReady(ports.auth)) ? ports : undefined;
}

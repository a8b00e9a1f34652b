/**
 * Removes a service from the system that runs: its client is disabled, its user is refused, its settings are gone.
 *
 * Invariants: services.json says first that it is being removed, and forgets it last, so that the next `remove` finishes
 * what was ended in the middle; meanwhile no start makes its user or its client again. The client goes first, while the
 * service can still confirm that. Its secrets go, so that one that is added under this name has others.
 */
import type { Receipt } from '@portcullis/contracts';
import { rmSync } from 'node:fs';
import { ownServices, writeOwnServices, type OwnService } from '../nats/own-services.ts';
import { prepareNats, secretNameOf } from '../nats/users.ts';
import { removeSecret } from '../secrets.ts';
import {
  clientIdOf,
  clientSecretName,
  environmentFile,
} from '../services/own-service-environment.ts';
import type { ServerHome } from '../servers/server-home.ts';
import { demandRunning } from '../services/running-system.ts';
import { step, StepFailure } from '../steps.ts';
import { awaitTakenUp, servicesOf } from './auth-takes-up.ts';
import { disableClient } from './client.ts';
import { inTurn } from './in-turn.ts';
import { isRefused, natsHome, reloadNats } from './nats-users.ts';
import { surroundingsOf } from './surroundings.ts';

/** @param again the command, as it was typed */
export async function removeService(
  dataFolder: string,
  name: string,
  again: string,
): Promise<number> {
  demandRunning(dataFolder, again);
  return await inTurn(dataFolder, async () => {
    const ports = demandRunning(dataFolder, again);
    const known = ownServices(dataFolder);
    const others = known.filter((one) => one.name !== name);
    const service = known.find((one) => one.name === name);
    if (service === undefined) {
      throw new StepFailure(`There is no service ${name}.`, { fix: 'npm run service -- list' });
    }
    writeOwnServices(dataFolder, [...others, { ...service, removed: true }]);
    const { authUrl, nats } = surroundingsOf(dataFolder, service, ports);
    await step('auth', () => awaitTakenUp(servicesOf(dataFolder), dataFolder, authUrl));
    const receipt = await step('client', () => disableClient(dataFolder, service));
    const home = natsHome(dataFolder);
    await step('nats', () => refuseUser(dataFolder, service, nats, home, again));
    forget(dataFolder, service);
    writeOwnServices(dataFolder, others);
    await step('settings', () => awaitTakenUp(servicesOf(dataFolder), dataFolder, authUrl));
    announce(service, receipt, home);
    return 0;
  });
}

/** @throws {StepFailure} when NATS lets it in all the same */
async function refuseUser(
  dataFolder: string,
  { name }: OwnService,
  url: string,
  home: ServerHome,
  again: string,
): Promise<void> {
  if (home !== 'this machine') return;
  prepareNats(dataFolder, 'each', { keeps: true });
  await reloadNats(dataFolder, 1);
  if (await isRefused(name, url)) return;
  throw new StepFailure(`NATS still lets ${name} in.`, { fix: again });
}

function forget(dataFolder: string, service: OwnService): void {
  rmSync(environmentFile(dataFolder, service), { force: true });
  removeSecret(dataFolder, clientSecretName(service));
  removeSecret(dataFolder, secretNameOf(service.name));
}

function announce(service: OwnService, receipt: Receipt | undefined, home: ServerHome): void {
  const { name } = service;
  const id = clientIdOf(service);
  console.log(`\n${name} is removed.`);
  if (receipt === undefined) console.log(`  ${id} was disabled before, or there was none`);
  else {
    const { confirmed, expected, enforced_by: by } = receipt;
    console.log(`  ${id} is disabled: confirmed ${confirmed} of ${expected}, enforced by ${by}`);
    console.log(`  receipt  ${JSON.stringify(receipt)}`);
  }
  const stays = {
    'this machine': `its user is refused by NATS`,
    ended: `its user is refused by NATS, which has ended, from the next npm start on`,
    'docker compose': `its user is refused by NATS from the next npm start on`,
    given: `its account has to be taken out of the configuration of your NATS, and NATS reloaded`,
  }[home];
  console.log(`  ${stays}`);
}

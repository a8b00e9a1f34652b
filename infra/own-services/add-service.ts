/**
 * Adds a service to the system that runs, or changes it, or finds that it is as it has to be.
 *
 * Invariants: nothing is made before the words are known to be good and the system to run. services.json is the first
 * thing that is written and says all of it, so that whatever ends this in the middle, the next `add` and the next
 * `npm start` finish it. Each step looks before it acts, so that doing it again changes nothing. `ready` is said after a
 * grant came over NATS, auth has served the client, and each stream was read: by this service's own credentials.
 */
import { ownServices, present, writeOwnServices, type OwnService } from '../nats/own-services.ts';
import { isNatsPrepared, prepareNats, secretNameOf } from '../nats/users.ts';
import {
  clientIdOf,
  clientSecretName,
  writeEnvironment,
} from '../services/own-service-environment.ts';
import type { ServicePorts } from '../services/catalogue.ts';
import { demandRunning } from '../services/running-system.ts';
import { bold, green, step, StepFailure } from '../steps.ts';
import { announceAccount, announceReady } from './announce.ts';
import { awaitTakenUp, hasTakenUp, servicesOf } from './auth-takes-up.ts';
import { ensureClient } from './client.ts';
import { inTurn } from './in-turn.ts';
import { natsHome, reloadNats, RESTART } from './nats-users.ts';
import { problemOfClient, problemOfEvents, problemOverNats, type Surroundings } from './probe.ts';
import { surroundingsOf } from './surroundings.ts';

/** As auth has it: of all services, and those of auth, user and admin. */
const MAX_AUDIENCES = 16;
const AUDIENCES_OF_OURS = 3;
/** Milliseconds for a grant, before and after NATS was reloaded. */
const AT_ONCE_MS = 1_500;
const IN_TIME_MS = 15_000;

export interface AddOptions {
  /** Prints the settings, secrets too. */
  show: boolean;
  /** The command, as it was typed. */
  again: string;
}

/** @returns the exit status: 0 once it is ready, or was */
export async function addService(
  dataFolder: string,
  wanted: OwnService,
  options: AddOptions,
): Promise<number> {
  demandRunning(dataFolder, options.again);
  return await inTurn(dataFolder, async () => {
    // It may have ended while another one was at work.
    const ports = demandRunning(dataFolder, options.again);
    const known = ownServices(dataFolder);
    const before = known.find(({ name }) => name === wanted.name);
    if (before?.removed === true) {
      throw new StepFailure(`${wanted.name} is being removed.`, {
        fix: `npm run service -- remove ${wanted.name}, which finishes that; then: ${options.again}`,
      });
    }
    const client = before?.client;
    const service = { ...wanted, ...(client === undefined ? {} : { client }) };
    const all = [...known.filter((one) => one !== before), service];
    demandRoom(all);
    if (before === undefined) demandSecretsOfItsOwn(service, known);
    const isKnown = before !== undefined && sameAs(before, service);
    if (isKnown && (await isReady(dataFolder, service, ports))) {
      console.log(`${service.name} is there, and ready. Nothing was changed.`);
      announceReady(dataFolder, service, surroundingsOf(dataFolder, service, ports), options);
      return 0;
    }
    if (!isKnown) writeOwnServices(dataFolder, all);
    return await make(dataFolder, service, ports, options);
  });
}

/** @throws {StepFailure} where auth would take no more of them */
function demandRoom(services: readonly OwnService[]): void {
  const audiences = new Set(present(services).flatMap(({ audience }) => audience ?? []));
  const room = MAX_AUDIENCES - AUDIENCES_OF_OURS;
  if (audiences.size <= room) return;
  throw new StepFailure(`Tokens name at most ${room} audiences of your own.`, {
    fix: 'give two services one audience, or remove one: npm run service -- list',
  });
}

/**
 * `nats-x` and `x-client`: the secret of the client of the one is the password of the other on NATS.
 *
 * @throws {StepFailure}
 */
export function demandSecretsOfItsOwn(service: OwnService, others: readonly OwnService[]): void {
  const isShared = (one: OwnService, two: OwnService): boolean =>
    clientSecretName(one) === secretNameOf(two.name);
  const other = others.find((one) => isShared(one, service) || isShared(service, one));
  if (other === undefined) return;
  throw new StepFailure(`${service.name} and ${other.name} would share a secret.`, {
    fix: 'take another name',
  });
}

const sameAs = (one: OwnService, other: OwnService): boolean => keyOf(one) === keyOf(other);
const keyOf = ({ audience, events, permissions = [] }: OwnService): string =>
  JSON.stringify([audience, events, permissions]);

/** Whether there is nothing to do. */
async function isReady(
  dataFolder: string,
  service: OwnService,
  ports: ServicePorts,
): Promise<boolean> {
  const found = surroundingsOf(dataFolder, service, ports);
  if (natsHome(dataFolder) === 'this machine' && !isNatsPrepared(dataFolder)) return false;
  if (writeEnvironment(dataFolder, service, found)) return false;
  const taken = await hasTakenUp(servicesOf(dataFolder), found.authUrl).catch(() => false);
  return taken && (await problemOf(service, found, AT_ONCE_MS)) === undefined;
}

async function problemOf(
  service: OwnService,
  found: Surroundings,
  timeoutMs: number,
): Promise<string | undefined> {
  return (
    (await problemOverNats(service, found, timeoutMs)) ??
    (await problemOfClient(service, found)) ??
    (await problemOfEvents(service, found, timeoutMs))
  );
}

async function make(
  dataFolder: string,
  named: OwnService,
  ports: ServicePorts,
  options: AddOptions,
): Promise<number> {
  const authUrl = surroundingsOf(dataFolder, named, ports).authUrl;
  await step('auth', () => awaitTakenUp(servicesOf(dataFolder), dataFolder, authUrl));
  const client = await step(
    'client',
    () => ensureClient(dataFolder, named),
    (id) => id,
  );
  const service = client === clientIdOf(named) ? named : { ...named, client };
  if (service !== named) {
    const others = ownServices(dataFolder).filter(({ name }) => name !== named.name);
    writeOwnServices(dataFolder, [...others, service]);
  }
  const found = surroundingsOf(dataFolder, service, ports);
  await step('settings', async () => void writeEnvironment(dataFolder, service, found));
  const home = natsHome(dataFolder);
  await step(
    'nats',
    () => haveUser(dataFolder, service, found),
    (done) => done,
  );
  const problem = await step('grant', () =>
    problemOf(service, found, home === 'this machine' ? IN_TIME_MS : AT_ONCE_MS),
  );
  if (problem === undefined) {
    console.log(`\n${bold(green(`${service.name} is ready`))}.`);
    announceReady(dataFolder, service, found, options);
    return 0;
  }
  if (home === 'given') announceAccount(dataFolder, service, found.prefix);
  throw new StepFailure(`${service.name} is not ready: ${problem}`, {
    fix: {
      'this machine': options.again,
      ended: `${RESTART}, since the NATS that it ran has ended (${dataFolder}/logs/nats.log); then: ${options.again}`,
      'docker compose': `${RESTART}; then: ${options.again}`,
      given: `add the account to your NATS, as above; then: ${options.again}`,
    }[home],
  });
}

/** @returns what was done */
async function haveUser(
  dataFolder: string,
  service: OwnService,
  found: Surroundings,
): Promise<string> {
  const home = natsHome(dataFolder);
  if (home === 'ended') return 'has ended: not reloaded';
  if (home !== 'this machine') return `of ${home}: not reloaded`;
  if (isNatsPrepared(dataFolder)) {
    const problem =
      (await problemOverNats(service, found, AT_ONCE_MS)) ??
      (await problemOfEvents(service, found, AT_ONCE_MS));
    if (problem === undefined) return 'as it was';
  }
  prepareNats(dataFolder, 'each', { keeps: true });
  await reloadNats(dataFolder, 2);
  return 'reloaded twice';
}

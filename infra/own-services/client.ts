/** The machine client of a service of the reader's own. */
import type { Receipt } from '@portcullis/contracts';
import { receipt } from '@portcullis/contracts/schemas';
import type { OwnService } from '../nats/own-services.ts';
import { clientIdOf, clientSecretOf } from '../services/own-service-environment.ts';
import { AUTH_AUDIENCE, VERIFIER_SCOPE } from '../services/system.ts';
import { StepFailure } from '../steps.ts';
import { runAuthCommand } from './auth-command.ts';

/** Ids that are tried: each that was disabled stays so. */
const MAX_IDS = 100;
/** What `ensure-client` says of one that was. */
const DISABLED = 'is permanently disabled';

/**
 * Makes the client, or finds that it is as it has to be. One that was disabled is left as it is, and another id taken.
 *
 * @returns its id
 * @throws {StepFailure} when auth's command fails
 */
export async function ensureClient(dataFolder: string, service: OwnService): Promise<string> {
  const { name } = service;
  const first = clientIdOf(service);
  const later = Array.from({ length: MAX_IDS }, (_, count) => `cli_${name}-${count + 2}`);
  for (const id of new Set([first, ...later])) {
    const words = ['--id', id, '--name', name, '--scope', VERIFIER_SCOPE];
    const settings = { PORTCULLIS_CLIENT_SECRET: clientSecretOf(dataFolder, service) };
    const ended = await runAuthCommand(
      dataFolder,
      'ensure-client',
      [...words, '--audience', AUTH_AUDIENCE],
      settings,
    );
    if (ended.succeeded) return id;
    if (!ended.output.includes(DISABLED)) throw new StepFailure(ended.output);
  }
  throw new StepFailure(`Each of ${MAX_IDS} clients of ${name} is disabled.`, {
    fix: 'take another name',
  });
}

/** @returns undefined where it was disabled already, or there is none */
export async function disableClient(
  dataFolder: string,
  service: OwnService,
): Promise<Receipt | undefined> {
  const words = ['--id', clientIdOf(service)];
  const { succeeded, output } = await runAuthCommand(dataFolder, 'disable-client', words);
  if (!succeeded) throw new StepFailure(output);
  const [, json] = /^disable-client: \S+ is disabled: (\{.*\})$/m.exec(output) ?? [];
  return json === undefined ? undefined : receipt.parse(JSON.parse(json));
}

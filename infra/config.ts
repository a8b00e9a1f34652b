import type { AccessConfig, AccessReceipt } from '@portcullis/contracts';
import { accessReceipt } from '@portcullis/contracts/schemas';
import { realpathSync, renameSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { runAuthCommand } from './own-services/auth-command.ts';
import { awaitTakenUp } from './own-services/auth-takes-up.ts';
import { DEV_FOLDER, ROOT } from './paths.ts';
import { addressOf } from './services/catalogue.ts';
import {
  CONFIG_FILE,
  CONFIG_SOURCE,
  declaredAccess,
  textOf,
  writtenAccess,
} from './services/declared-access.ts';
import { demandRunning, followedConfigFile, runningSystem } from './services/running-system.ts';
import { StepFailure } from './steps.ts';

/** `npm run config`: portcullis.config.json of portcullis.config.ts, in force where the system runs. */
export async function main(): Promise<number> {
  writeConfig(await declaredAccess(), CONFIG_FILE);
  await haveInForce(DEV_FOLDER, CONFIG_FILE);
  return 0;
}

/** @throws {StepFailure} where the number is that of another mapping, or of a later one */
export function writeConfig(declared: AccessConfig, file: string): void {
  const text = textOf(declared);
  const before = writtenAccess(file);
  // Auth would not take it up: one number is one mapping.
  if (before !== undefined && before.number >= declared.number && textOf(before) !== text) {
    throw new StepFailure(
      `${CONFIG_SOURCE} has changed, and its number is ${declared.number}: the last one was ${before.number}.`,
      { fix: `number: ${before.number + 1} in ${CONFIG_SOURCE}, then: npm run config` },
    );
  }
  const draft = `${file}.draft-${process.pid}`;
  writeFileSync(draft, text);
  renameSync(draft, file);
  const { number, roles, permissions } = declared;
  console.log(
    `${relative(ROOT, file)}: number ${number}, ${Object.keys(roles).length} roles and ` +
      `${permissions.length} permissions beside those of Portcullis`,
  );
}

/**
 * Has it count, and waits until every verifier and auth go by it, where the system runs.
 *
 * @throws {StepFailure} when one of them does not, and at once where auth follows another file
 */
export async function haveInForce(dataFolder: string, file: string): Promise<void> {
  if (runningSystem(dataFolder) === undefined) {
    console.log('The system does not run here: this counts from the next npm start on.');
    return;
  }
  const ports = demandRunning(dataFolder, 'npm run config');
  demandFollowed(dataFolder, file);
  const settings = { PORTCULLIS_CONFIG_FILE: file };
  const { succeeded, output } = await runAuthCommand(dataFolder, 'apply-config', [], settings);
  const receipt = succeeded ? receiptIn(output) : undefined;
  if (receipt === undefined) throw new StepFailure(output, { fix: fixFor(output) });
  const followed = { file, setting: 'PORTCULLIS_CONFIG_FILE' } as const;
  await awaitTakenUp(followed, dataFolder, addressOf(ports.auth));
  const { number, confirmed, expected } = receipt;
  console.log(`number ${number} is in force: confirmed ${confirmed} of ${expected} verifiers`);
}

/** @throws {StepFailure} where auth follows another file than was written, or none */
function demandFollowed(dataFolder: string, file: string): void {
  const followed = followedConfigFile(dataFolder);
  if (followed === undefined || followed === realpathSync(file)) return;
  const [setting, goes] =
    followed === null
      ? ['PORTCULLIS_CONFIG', 'goes by the text that']
      : ['PORTCULLIS_CONFIG_FILE', `follows ${followed}, which`];
  throw new StepFailure(
    `${file} is written, and not in force: auth ${goes} the shell of npm start has in ${setting}.`,
    { fix: `Ctrl-C in the terminal of npm start; there: unset ${setting}; npm start` },
  );
}

/** What counts may be later than the file that was there: that was taken away, or is of another branch. */
function fixFor(output: string): string {
  const said = /number: is (?:\d+, and (?<later>\d+) counts|(?<same>\d+), which another)/.exec(
    output,
  );
  const counts = said?.groups?.['later'] ?? said?.groups?.['same'];
  return counts === undefined
    ? 'npm run config, once more'
    : `number: ${Number(counts) + 1} in ${CONFIG_SOURCE}, then: npm run config`;
}

function receiptIn(output: string): AccessReceipt | undefined {
  const [, json = ''] = /^apply-config: (\{.*\})$/m.exec(output) ?? [];
  return json === '' ? undefined : accessReceipt.parse(JSON.parse(json));
}

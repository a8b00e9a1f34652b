/** The program of `npm run examples`: ends with 0 when each example, or each that is named, has done what it is there to show. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXAMPLES } from './catalogue.ts';
import { newcomer } from './newcomer.ts';
import { startExample, type Surroundings } from './running-example.ts';
import { packAll } from '../packages/pack.ts';
import { line, red, step } from '../steps.ts';
import { OwnSystem } from '../test/own-system.ts';

/** Of an access token, in seconds: more than an example has for its start, and no more than it takes to wait for its end. */
const LIFE = 40;
const names = process.argv.slice(2);
process.exitCode = await main();

async function main(): Promise<0 | 1> {
  // npm looks for a package.json upwards, and must not find the workspace's.
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'portcullis-examples-')));
  try {
    const ofNewcomer = wanted('newcomer')
      ? await holds('newcomer', () => newcomer(join(folder, 'newcomer')))
      : true;
    if (!EXAMPLES.some(({ name }) => wanted(name))) return ofNewcomer ? 0 : 1;
    const tarballs = await step('pack', () => packAll(join(folder, 'tarballs')));
    await using system = await step('system', () =>
      OwnSystem.start({ PORTCULLIS_ACCESS_TOKEN_SECONDS: String(LIFE) }),
    );
    await step('service', () => addOrders(system));
    const ofExamples = await runAll({
      ...{ folder, tarballs, authUrl: system.authUrl, userUrl: system.userUrl },
      lifeSeconds: LIFE,
      settings: join(system.folder, 'services', 'orders.env'),
    });
    return ofNewcomer && ofExamples ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function addOrders(system: OwnSystem): Promise<void> {
  const { status, output } = await system.service('add', 'orders', '--audience', 'urn:acme:orders');
  if (status !== 0) throw new Error(output);
}

async function runAll(surroundings: Surroundings): Promise<boolean> {
  let held = true;
  for (const { name, change, tryOut } of EXAMPLES.filter((one) => wanted(one.name))) {
    const did = await holds(name, async () => {
      await using example = await startExample(name, surroundings, change);
      return await tryOut(example);
    });
    held &&= did;
  }
  return held;
}

function wanted(name: string): boolean {
  return names.length === 0 || names.includes(name);
}

async function holds(name: string, work: () => Promise<string>): Promise<boolean> {
  const started = performance.now();
  try {
    const said = await work();
    line(name, performance.now() - started, said);
    return true;
  } catch (error) {
    line(name, performance.now() - started, red('failed'));
    console.error(error);
    return false;
  }
}

/** The program of `npm run examples`: ends with 0 when each example, or each that is named, has done what it is there to show. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXAMPLES } from './catalogue.ts';
import { startExample, type Surroundings } from './running-example.ts';
import { packAll } from '../packages/pack.ts';
import { line, red, step } from '../steps.ts';
import { OwnSystem } from '../test/own-system.ts';

const names = process.argv.slice(2);
process.exitCode = await main();

async function main(): Promise<0 | 1> {
  // npm looks for a package.json upwards, and must not find the workspace's.
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'portcullis-examples-')));
  try {
    const tarballs = await step('pack', () => packAll(join(folder, 'tarballs')));
    await using system = await step('system', () => OwnSystem.start());
    await step('service', () => addOrders(system));
    return await runAll({
      ...{ folder, tarballs, authUrl: system.authUrl, userUrl: system.userUrl },
      settings: join(system.folder, 'services', 'orders.env'),
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function addOrders(system: OwnSystem): Promise<void> {
  const { status, output } = await system.service('add', 'orders', '--audience', 'urn:acme:orders');
  if (status !== 0) throw new Error(output);
}

async function runAll(surroundings: Surroundings): Promise<0 | 1> {
  let failed = false;
  for (const { name, tryOut } of EXAMPLES) {
    if (names.length > 0 && !names.includes(name)) continue;
    const started = performance.now();
    try {
      await using example = await startExample(name, surroundings);
      line(name, performance.now() - started, await tryOut(example));
    } catch (error) {
      line(name, performance.now() - started, red('failed'));
      console.error(error);
      failed = true;
    }
  }
  return failed ? 1 : 0;
}

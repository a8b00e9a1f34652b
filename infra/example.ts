import { existsSync } from 'node:fs';
import { runSource } from './checks/run-alone.ts';
import { ownServices } from './nats/own-services.ts';
import { DEV_FOLDER } from './paths.ts';
import { environmentFile } from './services/own-service-environment.ts';
import { demandRunning } from './services/running-system.ts';
import { StepFailure } from './steps.ts';
import { WrongUsage, type Words } from './usage/read-words.mjs';

/** As the example has it. */
const AUDIENCE = 'urn:acme:orders';

/**
 * `npm run example`: the service of the README, beside `npm start`. `npm run example -- client`: its typed client,
 * which logs in and out as ada@example.com, and fails while there is no such account.
 *
 * @throws {WrongUsage} for any other name
 */
export async function main({ names: [name = 'service'] }: Words): Promise<number> {
  if (name !== 'service' && name !== 'client') {
    throw new WrongUsage('npm run example', `there is no example ${name}`, undefined);
  }
  demandRunning(DEV_FOLDER, 'npm run example');
  if (name === 'client') {
    return await runSource('example', 'packages/client/examples/typed-client.ts', []);
  }
  const orders = ownServices(DEV_FOLDER).find((one) => one.name === 'orders');
  const isThere = orders !== undefined && existsSync(environmentFile(DEV_FOLDER, orders));
  if (!isThere || orders.audience !== AUDIENCE) {
    throw new StepFailure(`There is no service orders for ${AUDIENCE}, which this example is.`, {
      fix: `npm run service -- add orders --audience ${AUDIENCE}`,
    });
  }
  return await runSource('example', 'packages/verify/examples/protected-router.ts', []);
}

import { existsSync } from 'node:fs';
import { runSource } from './checks/run-alone.ts';
import { ownServices } from './nats/own-services.ts';
import { DEV_FOLDER } from './paths.ts';
import { environmentFile } from './services/own-service-environment.ts';
import { demandRunning } from './services/running-system.ts';
import { StepFailure } from './steps.ts';

/** As the example has it. */
const AUDIENCE = 'urn:acme:orders';

/** `npm run example`: the service of the README, beside `npm start`. */
export async function main(): Promise<number> {
  demandRunning(DEV_FOLDER, 'npm run example');
  const orders = ownServices(DEV_FOLDER).find(({ name }) => name === 'orders');
  const isThere = orders !== undefined && existsSync(environmentFile(DEV_FOLDER, orders));
  if (!isThere || orders.audience !== AUDIENCE) {
    throw new StepFailure(`There is no service orders for ${AUDIENCE}, which this example is.`, {
      fix: `npm run service -- add orders --audience ${AUDIENCE}`,
    });
  }
  return await runSource('example', 'packages/verify/examples/protected-router.ts', []);
}

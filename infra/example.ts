import { existsSync } from 'node:fs';
import { runSource } from './checks/run-alone.ts';
import { ownServices } from './nats/own-services.ts';
import { DEV_FOLDER } from './paths.ts';
import { environmentFile } from './services/own-service-environment.ts';
import { runningSystem } from './services/running-system.ts';
import { StepFailure } from './steps.ts';

/** `npm run example`: the service of the README, beside `npm start`. */
export async function main(): Promise<number> {
  const orders = ownServices(DEV_FOLDER).find(({ name }) => name === 'orders');
  if (orders === undefined) {
    throw new StepFailure('There is no service orders, which this example is.', {
      fix: 'npm run service -- add orders',
    });
  }
  if (runningSystem(DEV_FOLDER) === undefined) {
    throw new StepFailure('The system that it asks does not run.', {
      fix: 'npm start, in another terminal; then npm run example again',
    });
  }
  if (!existsSync(environmentFile(DEV_FOLDER, orders))) {
    throw new StepFailure('The system runs since before orders was added.', {
      fix: 'end npm start with Ctrl-C, and start it again; then npm run example again',
    });
  }
  return await runSource('example', 'packages/verify/examples/protected-router.ts', []);
}

import { runAlone } from './checks/run-alone.ts';
import { turbo, turboEnvironment } from './services/build.ts';

/** `npm run boundaries`: which package may use which. */
export function main(): Promise<number> {
  return runAlone('npm run boundaries', turbo('boundaries'), turboEnvironment());
}

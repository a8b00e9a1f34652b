import { runSource } from './checks/run-alone.ts';

/** `npm run asyncapi`: writes docs/asyncapi.json. */
export function main(): Promise<number> {
  return runSource('asyncapi', 'packages/events/generate/main.ts', []);
}

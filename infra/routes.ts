import { runSource } from './checks/run-alone.ts';

/** `npm run routes`: writes the table of routes in docs/reference.md. */
export function main(): Promise<number> {
  return runSource('routes', 'packages/api/generate/main.ts', []);
}

/** Logouts, each until all verifiers have confirmed it. */
import { z } from 'zod';
import { bareCommits } from './bare-commits.ts';
import { addFleet, type Fleet } from './fleet.ts';
import type { Part } from './part.ts';
import { newSessions, tokenOf } from './users.ts';

const AT_ONCE = 16;
const WAIT_MS = 10_000;

const receipt = z.object({ confirmed: z.number(), expected: z.number() });

function logouts(shape: Omit<Part, 'arrange' | 'prepare'>, fleet: Fleet): Part {
  return {
    ...shape,
    arrange: async (subject, share) => await addFleet(subject, shape.name, fleet, share),
    async prepare(stand, calls) {
      const { verifiers } = stand.subject;
      const held = await newSessions(stand, calls, AT_ONCE);
      return async (_, number) => {
        const { confirmed, expected } = receipt.parse(
          await stand.caller.succeed({
            method: 'POST',
            path: `/v1/logout?wait=${WAIT_MS}`,
            token: tokenOf(held, number),
            body: {},
          }),
        );
        if (confirmed < verifiers || confirmed < expected) {
          throw new Error(
            `a receipt of ${confirmed} of ${expected} verifiers, of ${verifiers}: not a full one`,
          );
        }
      };
    },
  };
}

const receipts = (verifiers: number): Pick<Part, 'name' | 'about' | 'atOnce' | 'beside'> => ({
  name: verifiers === 3 ? 'receipts' : `receipts-${verifiers}`,
  about: `one logout after another, ${verifiers.toLocaleString('en')} verifiers`,
  atOnce: 1,
  beside: { name: 'a bare commit', start: bareCommits },
});

export const LOGOUTS: readonly Part[] = [
  logouts(
    { name: 'logouts', about: 'with full receipts from 2 verifiers', calls: 320, atOnce: AT_ONCE },
    { verifiers: 2, processes: 1 },
  ),
  logouts({ ...receipts(3), calls: 100 }, { verifiers: 3, processes: 1 }),
  logouts({ ...receipts(100), calls: 100 }, { verifiers: 100, processes: 2 }),
  logouts(
    { ...receipts(1_000), calls: 50, alone: true, onlyNamed: true },
    { verifiers: 1_000, processes: 4 },
  ),
];

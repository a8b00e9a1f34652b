import type { Subject } from './subject.ts';

/** So many verifiers, in so many processes; where there are several processes, of two services. */
export interface Fleet {
  readonly verifiers: number;
  readonly processes: number;
}

/** Smaller ones are whole in a short run too. */
const SMALL = 10;

/**
 * One service has places for 512 verifiers, which is why they are of two.
 *
 * @param share of its verifiers, at least one a process
 */
export async function addFleet(
  subject: Subject,
  name: string,
  { verifiers, processes }: Fleet,
  share: number,
): Promise<void> {
  const wanted = verifiers < SMALL ? verifiers : verifiers * share;
  const each = Math.max(1, Math.round(wanted / processes));
  await Promise.all(
    Array.from({ length: processes }, async (_, number) => {
      await subject.addVerifiers(processes === 1 ? name : `${name}-${number % 2}`, each);
    }),
  );
}

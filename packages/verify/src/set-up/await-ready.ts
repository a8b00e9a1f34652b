import type { Jwks } from '../keys/jwks.ts';
import type { Replica } from '../revocation/replica.ts';
import { orAborted } from './or-aborted.ts';
import { notReady } from './problems.ts';
import type { SetUp } from './set-up.ts';

const READY_POLL_MS = 20;

export interface Awaited {
  replica: Pick<Replica, 'state'>;
  keys: Pick<Jwks, 'loaded' | 'refresh'>;
  setUp: Pick<SetUp, 'problems' | 'compareIssuer'>;
}

/** Resolves once tokens are accepted. @throws Error as `Verifier.ready` */
export async function awaitReady(
  { replica, keys, setUp }: Awaited,
  signal: AbortSignal | undefined,
): Promise<void> {
  const demandOpen = (): void => {
    if (replica.state === 'CLOSED') throw new Error('the verifier is closed');
  };
  while (replica.state !== 'LIVE' || !keys.loaded) {
    if (signal?.aborted === true) throw notReady(setUp.problems(), signal.reason);
    demandOpen();
    if (!keys.loaded) await orAborted(keys.refresh(), signal);
    await new Promise<void>((resolve) => {
      setTimeout(resolve, READY_POLL_MS);
    });
  }
  await orAborted(setUp.compareIssuer(), signal);
  demandOpen();
  const others = setUp.problems().filter((problem) => problem.of === 'issuer');
  if (others.length > 0) throw notReady(others);
}

/**
 * G4. Generations tell the order in which the database did things: a revocation takes each token that names its key
 * and was read for before its commit, and none that was read for after it. So what the ledger compares is what
 * happened, and no token of after a revocation is refused for it.
 *
 * A database that goes back is another history: what came before is not compared with what comes after.
 */
import type { RevocationEvent } from '@portcullis/contracts';
import type { Token } from '../history.ts';
import { affects } from './facts.ts';
import type { Scene } from './scene.ts';

export function watchOrder({ history, database }: Scene): void {
  let { epoch } = database;
  let tokens: Token[] = [];
  let events: RevocationEvent[] = [];
  const forget = (): void => {
    ({ epoch } = database);
    tokens = [];
    events = [];
  };

  history.listen((entry) => {
    const isOther = entry.what === 'undone' || entry.what === 'went back';
    if (isOther || entry.what === 'restored' || epoch !== database.epoch) forget();
    if (entry.what === 'read') {
      const { token } = entry;
      tokens.push(token);
      const by = events.find((event) => affects(event, token));
      if (by === undefined) return;
      history.violated('G4 exact', `${token.claims.jti} was read after ${by.kind}, and is taken`);
    }
    if (entry.what === 'committed') {
      const { event } = entry.revocation;
      events.push(event);
      const missed = tokens.find((token) => names(event, token) && !affects(event, token));
      if (missed === undefined) return;
      history.violated('G4 exact', `${event.kind} does not take ${missed.claims.jti} of before it`);
    }
  });
}

/** Whether it would take the token at any generation. */
function names(event: RevocationEvent, token: Token): boolean {
  return affects(
    'generation' in event ? { ...event, generation: Number.POSITIVE_INFINITY } : event,
    token,
  );
}

/**
 * G4. Commits that a backup lost, and that the operator then put out of effect by the guide, revoke
 * nothing that was minted since. A token that no revocation affects is not refused while the verifier
 * is fresh; one that only a change of claims affects is answered `token_stale`. Without faults,
 * verifiers stay fresh.
 */
import type { Life, Revocation, Token } from '../history.ts';
import type { Scene } from './scene.ts';

/** How far a verifier may be ahead of the database's clock by its own faster one. Milliseconds. */
const AHEAD_MS = 50;

export function watchExactness({ history, facts, database, calm }: Scene): void {
  const wasFresh = new Set<Life>();
  /** What had been lost by the time of the last restore, and what was minted since. */
  let buried = new Set<Revocation>();
  let since = new Set<Token>();

  history.listen((entry) => {
    if (entry.what === 'minted') since.add(entry.token);
    if (entry.what === 'restored') {
      buried = new Set(facts.revocations.filter(({ undone }) => undone));
      since = new Set();
    }
    if (entry.what !== 'judged') return;
    const { life, token, verdict, why } = entry;
    if (verdict === 'accepted') wasFresh.add(life);
    if (verdict === 'stale' && calm && wasFresh.has(life)) {
      history.violated('G4 exact', `${life.name} went stale though nothing went wrong`);
    }
    if (verdict !== 'revoked' && verdict !== 'claims_changed') return;
    if (token.claims.exp * 1_000 < database.clock.latest() + AHEAD_MS) return;
    const kinds = facts
      .affecting(token)
      .filter((revocation) => !(since.has(token) && buried.has(revocation)))
      .map(({ event }) => event.kind);
    const justified =
      verdict === 'claims_changed'
        ? kinds.includes('claims_changed')
        : kinds.some((kind) => kind !== 'claims_changed');
    if (justified) return;
    history.violated(
      'G4 exact',
      `${life.name}: ${verdict} ${token.claims.jti}${why}, without cause`,
    );
  });
}

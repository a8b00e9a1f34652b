/** Who knows everything: each token, each revocation, and which of them takes which. */
import type { RevocationEvent } from '@portcullis/contracts';
import type { Entry, History, Revocation, Token } from '../history.ts';

/** What a revocation means, stated once more and apart from the ledger that is checked by it. */
export function affects(event: RevocationEvent, { claims, kid }: Token): boolean {
  switch (event.kind) {
    case 'session':
      return claims.sid === event.key;
    case 'token':
      return claims.jti === event.key;
    case 'subject':
    case 'claims_changed':
      return claims.sub === event.key && claims.gen < event.generation;
    case 'client':
      return claims.client_id === event.key && claims.cgen < event.generation;
    case 'client_subject':
      return (
        `${claims.client_id}/${claims.sub}` === event.key && (claims.csgen ?? 0) < event.generation
      );
    case 'key':
      return kid === event.key;
    case 'issuer':
      return claims.igen < event.generation;
  }
}

const NO_REVOCATIONS: readonly Revocation[] = [];
const NO_TOKENS: readonly Token[] = [];

export class Facts {
  readonly tokens: Token[] = [];
  readonly revocations: Revocation[] = [];
  readonly #affecting = new Map<Token, Revocation[]>();
  readonly #taken = new Map<Revocation, Token[]>();

  constructor(history: History) {
    history.listen((entry) => this.#learn(entry));
  }

  /** What has been committed, undone or not, and takes this token. */
  affecting(token: Token): readonly Revocation[] {
    return this.#affecting.get(token) ?? NO_REVOCATIONS;
  }

  /** What a revocation takes, of what has been minted so far. */
  takenBy(revocation: Revocation): readonly Token[] {
    return this.#taken.get(revocation) ?? NO_TOKENS;
  }

  #learn(entry: Entry): void {
    if (entry.what === 'minted') {
      const { token } = entry;
      const by = this.revocations.filter(({ event }) => affects(event, token));
      this.tokens.push(token);
      this.#affecting.set(token, by);
      for (const revocation of by) this.#taken.get(revocation)?.push(token);
    } else if (entry.what === 'committed') {
      const { revocation } = entry;
      const taken = this.tokens.filter((token) => affects(revocation.event, token));
      this.revocations.push(revocation);
      this.#taken.set(revocation, taken);
      for (const token of taken) this.#affecting.get(token)?.push(revocation);
    }
  }
}

/**
 * What is revoked, as far as this process has heard. Pure: no clock, no I/O.
 *
 * Invariant: a join-semilattice. Applying events twice, late or in another order gives the same
 * state: entries are only added, generations and expiries only raised. All kinds are checked, and
 * any one of them refuses.
 */
import type { AccessTokenClaims, RevocationEvent } from '@portcullis/contracts';

/** `revoked` is final; `changed` says that a refresh gives a token that holds. */
export type Verdict = 'holds' | 'changed' | 'revoked';

interface Cut {
  /** The least generation that still holds. */
  generation: number;
  expiresAt: number;
}

const NEVER = Number.POSITIVE_INFINITY;

export class Ledger {
  readonly #sessions = new Map<string, number>();
  readonly #tokens = new Map<string, number>();
  readonly #subjects = new Map<string, Cut>();
  readonly #changed = new Map<string, Cut>();
  readonly #clients = new Map<string, Cut>();
  readonly #keys = new Set<string>();
  #issuerGeneration = 0;
  #version = 0;

  /** Entries held. */
  get size(): number {
    return (
      this.#sessions.size +
      this.#tokens.size +
      this.#subjects.size +
      this.#changed.size +
      this.#clients.size +
      this.#keys.size
    );
  }

  /** Grows with every event that added something; equal versions, equal verdicts. */
  get version(): number {
    return this.#version;
  }

  /** @returns whether it added anything */
  apply(event: RevocationEvent): boolean {
    const added = this.#add(event);
    if (added) this.#version += 1;
    return added;
  }

  /** Judges verified claims, and the key that signed them. */
  judge(claims: AccessTokenClaims, kid: string): Verdict {
    if (
      (claims.sid !== undefined && this.#sessions.has(claims.sid)) ||
      this.#tokens.has(claims.jti) ||
      this.#keys.has(kid) ||
      claims.igen < this.#issuerGeneration ||
      isBelow(this.#subjects, claims.sub, claims.gen) ||
      isBelow(this.#clients, claims.client_id, claims.cgen)
    ) {
      return 'revoked';
    }
    return isBelow(this.#changed, claims.sub, claims.gen) ? 'changed' : 'holds';
  }

  /**
   * Lets go of what no living token can be affected by.
   *
   * Entries arrive almost in the order of their expiry, so it stops at the first that must stay; one
   * out of order stays a little longer, which refuses nothing that would hold.
   *
   * @param issuerTime milliseconds since the epoch by the issuer's clock
   */
  evict(issuerTime: number): void {
    for (const entries of [this.#sessions, this.#tokens]) {
      for (const [key, expiresAt] of entries) {
        if (expiresAt > issuerTime) break;
        entries.delete(key);
      }
    }
    for (const cuts of [this.#subjects, this.#changed, this.#clients]) {
      for (const [key, { expiresAt }] of cuts) {
        if (expiresAt > issuerTime) break;
        cuts.delete(key);
      }
    }
  }

  #add(event: RevocationEvent): boolean {
    const expiresAt = event.expires_at ?? NEVER;
    switch (event.kind) {
      case 'session':
        return include(this.#sessions, event.key, expiresAt);
      case 'token':
        return include(this.#tokens, event.key, expiresAt);
      case 'subject':
        return raise(this.#subjects, event.key, event.generation, expiresAt);
      case 'changed':
        return raise(this.#changed, event.key, event.generation, expiresAt);
      case 'client':
        return raise(this.#clients, event.key, event.generation, expiresAt);
      case 'key':
        if (this.#keys.has(event.key)) return false;
        this.#keys.add(event.key);
        return true;
      case 'issuer':
        if (event.generation <= this.#issuerGeneration) return false;
        this.#issuerGeneration = event.generation;
        return true;
    }
  }
}

function include(entries: Map<string, number>, key: string, expiresAt: number): boolean {
  const known = entries.get(key);
  if (known !== undefined && known >= expiresAt) return false;
  entries.delete(key); // to the end, where the late expiries are
  entries.set(key, expiresAt);
  return true;
}

function raise(
  cuts: Map<string, Cut>,
  key: string,
  generation: number,
  expiresAt: number,
): boolean {
  const known = cuts.get(key);
  if (known !== undefined && known.generation >= generation && known.expiresAt >= expiresAt) {
    return false;
  }
  cuts.delete(key);
  cuts.set(key, {
    generation: Math.max(known?.generation ?? 0, generation),
    expiresAt: Math.max(known?.expiresAt ?? 0, expiresAt),
  });
  return true;
}

function isBelow(cuts: Map<string, Cut>, key: string, generation: number): boolean {
  if (cuts.size === 0) return false;
  const cut = cuts.get(key);
  return cut !== undefined && generation < cut.generation;
}

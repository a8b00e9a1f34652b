/** What is compared: the ledger as a verifier has it, and the plainest things that could be one. */
import { newId, type AccessTokenClaims, type SessionId } from '@portcullis/contracts';
import { clientId } from '@portcullis/contracts/schemas';
import { Ledger } from '@portcullis/verify/revocation';
import type { ContenderName } from './ledger-measurement.ts';

export interface Contender {
  readonly size: number;
  /** @param expiresAt milliseconds since the epoch */
  add(id: SessionId, expiresAt: number): void;
  has(id: SessionId): boolean;
}

/** Ours, a Set, a Map, and nothing at all, which shows what the machine and the loop make. */
export const CONTENDERS: Readonly<Record<ContenderName, () => Contender>> = {
  ledger: () => new LedgerContender(),
  set: () => new SetContender(),
  map: () => new MapContender(),
  nothing: () => new Nothing(),
};

/** Checks whole tokens, of which only the session is revoked. */
class LedgerContender implements Contender {
  readonly #ledger = new Ledger();
  readonly #entry = { kind: 'session' as const, key: newId('ses'), expires_at: 0 };
  readonly #claims: AccessTokenClaims = {
    iss: 'https://issuer.example',
    aud: 'urn:bench',
    sub: newId('usr'),
    sid: newId('ses'),
    jti: newId('tok'),
    client_id: clientId.parse('cli_bench'),
    iat: 1,
    exp: 2,
    auth_time: 1,
    gen: 1,
    cgen: 1,
    igen: 1,
    roles: [],
    amr: ['pwd'],
  };

  get size(): number {
    return this.#ledger.size;
  }

  add(id: SessionId, expiresAt: number): void {
    this.#entry.key = id;
    this.#entry.expires_at = expiresAt;
    this.#ledger.apply(this.#entry);
  }

  has(id: SessionId): boolean {
    this.#claims.sid = id;
    return this.#ledger.judge(this.#claims, 'key') === 'revoked';
  }
}

/** Has no expiry, and could never let go of anything. */
class SetContender implements Contender {
  readonly #ids = new Set<string>();

  get size(): number {
    return this.#ids.size;
  }

  add(id: SessionId): void {
    this.#ids.add(id);
  }

  has(id: SessionId): boolean {
    return this.#ids.has(id);
  }
}

class MapContender implements Contender {
  readonly #expiries = new Map<string, number>();

  get size(): number {
    return this.#expiries.size;
  }

  add(id: SessionId, expiresAt: number): void {
    this.#expiries.set(id, expiresAt);
  }

  has(id: SessionId): boolean {
    return this.#expiries.has(id);
  }
}

class Nothing implements Contender {
  readonly size = 0;
  add(): void {}
  has(): boolean {
    return false;
  }
}

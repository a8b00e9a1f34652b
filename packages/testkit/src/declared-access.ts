/** What roles carry by a test issuer: signed as auth signs it, and given with grants. */
import {
  ACCESS_DOCUMENT_TYPE,
  demandOption,
  MAX_ACCESS_DOCUMENT_SECONDS,
  readAccessConfig,
  type AccessConfig,
  type AccessMapping,
  type GrantedAccess,
} from '@portcullis/contracts';
import type { IssuerKeys } from './issuer-keys.ts';
import type { MemoryRevocations } from './memory-revocations.ts';

/** Half of what a document lasts, in milliseconds of the issuer's clock. */
const RENEWED_AFTER_MS = MAX_ACCESS_DOCUMENT_SECONDS * 500;

export interface DeclaredAccessOptions {
  issuer: string;
  keys: IssuerKeys;
  revocations: MemoryRevocations;
  signRaw: (header: string, payload: string) => string;
  /** The issuer's clock, in milliseconds since the epoch. */
  now: () => number;
}

export class DeclaredAccess {
  readonly #options: DeclaredAccessOptions;
  #mapping: AccessMapping | undefined;
  #given: GrantedAccess | undefined;
  /** Milliseconds since the epoch. */
  #signedAt = 0;

  constructor(options: DeclaredAccessOptions) {
    this.#options = options;
  }

  /** The number is one more than that of the mapping before. */
  declare(mapping: AccessMapping): void {
    this.#mapping = mapping;
    this.#sign(mapping, (this.#options.revocations.access?.number ?? 0) + 1);
  }

  /** Signs what is declared with the present key, under the number that it has. */
  signAgain(): void {
    const number = this.#options.revocations.access?.number;
    if (this.#mapping !== undefined && number !== undefined) this.#sign(this.#mapping, number);
  }

  /** For a verifier that is made now: signs again what it would soon refuse as too old. */
  renew(): void {
    const { revocations, now } = this.#options;
    const isOurs = this.#given !== undefined && revocations.access === this.#given;
    if (isOurs && now() - this.#signedAt > RENEWED_AFTER_MS) this.signAgain();
  }

  #sign({ permissions, roles }: AccessMapping, number: number): void {
    const { issuer, keys, revocations, signRaw, now } = this.#options;
    const { alg } = keys.get(keys.current);
    this.#signedAt = now();
    const iat = Math.floor(this.#signedAt / 1_000);
    const exp = iat + MAX_ACCESS_DOCUMENT_SECONDS;
    const document = signRaw(
      JSON.stringify({ alg, typ: ACCESS_DOCUMENT_TYPE, kid: keys.current }),
      JSON.stringify({ iss: issuer, iat, exp, number, permissions, roles }),
    );
    this.#given = { number, document };
    revocations.access = this.#given;
  }
}

/** @throws TypeError that names each key that is wrong, as in `roles.clerk[1]` */
export function demandConfig(value: unknown): AccessConfig {
  const { config, faults = [] } = readAccessConfig(value);
  const wrong = faults.map(({ key, problem }) => `${key} ${problem}`).join('; ');
  demandOption(
    config !== undefined,
    'createTestIssuer',
    'config',
    `what defineConfig takes: ${wrong}`,
  );
  return config;
}

import type { KeyId, MachineClaims, UserClaims } from '@portcullis/contracts';

export interface MintOptions {
  /** Replaces members of the header; undefined removes one. An `alg` changes what the header says, not how it is signed. */
  header?: Readonly<Record<string, unknown>>;
  /** Signs with this key of the issuer; the present one unless given. */
  kid?: KeyId;
}

/** Claims instead of the issuer's own; undefined removes one. */
export type Overrides<C> = { [K in keyof C]?: C[K] | undefined } & Readonly<
  Record<string, unknown>
>;

/** What signs tokens in the name of the issuer. */
export interface Mint {
  user(claims?: Overrides<UserClaims>, options?: MintOptions): Promise<string>;
  machine(claims?: Overrides<MachineClaims>, options?: MintOptions): Promise<string>;
}

/** What the ledger asks of the place in which it holds the revocations of one kind. */
export interface KindStore {
  /** Entries held. */
  readonly size: number;
  /** What they take in memory, as far as they are in tables of numbers: strings in maps are not counted. */
  readonly bytes: number;
  /**
   * @param moment its expiry, in seconds since the epoch
   * @param generation 0 where the kind has none
   * @returns whether that changed anything
   * @throws TypeError for what is not a key of this kind: it could not be held
   */
  raise(key: string, moment: number, generation: number): boolean;
  /** The least generation that holds, infinite where the key alone refuses; 0: nothing is held for it. */
  least(key: string): number;
  /** Lets go of what has expired, or of some of it. @param now in seconds since the epoch */
  evict(now: number): void;
}

/** What a readiness check says of its part. */

/** What a check throws to say why, in words that are safe to show. */
export class NotReady extends Error {
  override readonly name = 'NotReady';
}

/**
 * What a check returns when its part is impaired and the service can do its work all the same: it
 * stays ready, and says so, in words that are safe to show.
 */
export class Impaired {
  readonly warning: string;

  constructor(warning: string) {
    this.warning = warning;
  }
}

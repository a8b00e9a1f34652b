/** What `npm run pack:check` is made of. */
export const STEPS = {
  install: 'each package alone, installed strictly and loaded, on each Node',
  types: 'each package alone, with the types of what it depends on checked too',
  peers: 'the lowest and the newest of each range: compiled by TypeScript 5.9 and 7, and run',
  form: 'publint and attw',
  next: 'Next.js: a page and 20 calls over an access token that has expired, by next start',
  testkit: 'how long the testkit takes to be imported, and to a token that was verified',
} as const;

export type Step = keyof typeof STEPS;

/** Something that holds, or throws why not. */
export interface Check {
  name: string;
  /** Of which it is, where it is of one; not run where that cannot be had. */
  node?: string;
  /** @returns what is said beside its line */
  run: () => Promise<string | void>;
}

/** Checks that follow each other, as one builds on what another has made. The sequences of a step run beside each other. */
export type Sequence = readonly Check[];

/** What a check throws that cannot say whether it holds: that is no failure, and no success. */
export class NotJudged extends Error {}

/** Which versions a range claims, and which of them a project is made with. */

/** A range of package.json as its alternatives: `^4.18.0 || ^5.0.0` has two. */
const alternativesOf = (range: string): [string, ...string[]] => {
  const [first = '', ...more] = range.split('||').map((one) => one.trim());
  return [first, ...more];
};

export type Alternative = 'earliest' | 'latest';
export type Bound = 'lowest' | 'newest';

/**
 * @param range of carets and tildes, and `||` between them
 * @returns the lowest version exactly, or the range of which npm takes the newest
 */
export function versionIn(range: string, alternative: Alternative, bound: Bound): string {
  const all = alternativesOf(range);
  const chosen = alternative === 'earliest' ? all[0] : (all.at(-1) ?? all[0]);
  return bound === 'newest' ? chosen : chosen.replace(/^[\^~]/, '');
}

/** The last that run on Node 20, as README says. */
export const LAST_ON_NODE_20: Readonly<Record<string, string>> = {
  '@nats-io/jetstream': '~3.3.1',
  '@nats-io/transport-node': '~3.3.1',
  '@nestjs/common': '^11.0.0',
  '@nestjs/core': '^11.0.0',
};

/** What is installed beside these there: it is what they depend on, and its newest wants Node 22. */
const BESIDE_ON_NODE_20: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  fastify: { 'light-my-request': '~6.6.0' },
};

/** @returns what a project on Node 20 names beside these packages */
export const besideOnNode20 = (names: Iterable<string>): Record<string, string> =>
  Object.assign({}, ...[...names].map((name) => BESIDE_ON_NODE_20[name] ?? {}));

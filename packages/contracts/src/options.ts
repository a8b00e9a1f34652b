/**
 * Options of public constructors, checked where they come in: types end at plain JavaScript, and at what was
 * read from an environment. A wrong one is a TypeError at once, which names it.
 */
import { isLoopbackHost } from './loopback.ts';

/**
 * @param of the constructor, as it is called
 * @param expected what it has to be, after "has to be"
 * @throws TypeError that names the option; its value is not repeated, since it may be a secret
 */
export function demandOption(
  holds: boolean,
  of: string,
  option: string,
  expected: string,
): asserts holds {
  if (!holds) throw new TypeError(`${of}: ${option} has to be ${expected}`);
}

export function demandText(value: unknown, of: string, option: string): void {
  demandOption(typeof value === 'string' && value !== '', of, option, 'a text that is not empty');
}

export function demandFunctionIfGiven(value: unknown, of: string, option: string): void {
  demandOption(value === undefined || typeof value === 'function', of, option, 'a function');
}

/** @param methods which it must have; it may have more */
export function demandMethods(
  value: unknown,
  of: string,
  option: string,
  methods: readonly string[],
): void {
  const isObject = (typeof value === 'object' || typeof value === 'function') && value !== null;
  const holds =
    isObject && methods.every((method) => typeof Reflect.get(value, method) === 'function');
  demandOption(holds, of, option, `an object with ${methods.join(', ')}`);
}

/** A prefix of the subjects of NATS. */
export function demandPrefix(value: unknown, of: string): void {
  const holds =
    value === undefined ||
    (typeof value === 'string' && /^[a-zA-Z0-9_-]+(\.[a-zA-Z0-9_-]+)*$/.test(value));
  demandOption(holds, of, 'prefix', 'one or more NATS tokens joined by dots');
}

/**
 * https, or http to this machine: on the way, no attacker may read a secret or put in a key. With a
 * user and a password in it no fetch takes it, and every text about it would repeat them.
 */
export function demandSafeAddress(value: unknown, of: string, option: string): void {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  const isLocal = url !== undefined && isLoopbackHost(url.hostname);
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal);
  const holds = isSafe && url.username === '' && url.password === '';
  const expected = 'an https URL, or an http URL of this machine, without a user and a password';
  demandOption(holds, of, option, expected);
}

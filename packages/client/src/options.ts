/**
 * Options of the two clients, checked where they come in: types end at plain JavaScript, and at what was
 * read from an environment. A value is not repeated, since it may be a secret.
 */
import { isRecord } from './answer-shape.ts';

/** @throws TypeError that names the option */
export function demandOption(holds: boolean, of: string, option: string, expected: string): void {
  if (!holds) throw new TypeError(`${of}: ${option} has to be ${expected}`);
}

export function demandText(value: unknown, of: string, option: string): void {
  demandOption(typeof value === 'string' && value !== '', of, option, 'a text that is not empty');
}

export function demandAddress(value: unknown, of: string, option: string): void {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  const holds = url?.protocol === 'http:' || url?.protocol === 'https:';
  demandOption(holds, of, option, 'a URL that begins with http:// or https://');
}

/** What both clients take. */
export function demandTransport(options: { fetch?: unknown; dpop?: unknown }, of: string): void {
  const { fetch, dpop } = options;
  demandOption(fetch === undefined || typeof fetch === 'function', of, 'fetch', 'a function');
  const isPair = isRecord(dpop) && 'privateKey' in dpop && 'publicKey' in dpop;
  const isKey = dpop === undefined || dpop === true || isPair || typeof dpop === 'function';
  const expected = 'true, a pair of keys as createDpopKey makes it, or a function that gives one';
  demandOption(isKey, of, 'dpop', expected);
}

export function demandStorage(value: unknown, of: string): void {
  const holds =
    isRecord(value) && ['get', 'set', 'clear'].every((name) => typeof value[name] === 'function');
  demandOption(value === undefined || holds, of, 'storage', 'an object with get, set, clear');
}

/** Services by their names: each with its address. */
export function demandServices(services: unknown, of: string): void {
  if (services === undefined) return;
  const areNamed = isRecord(services);
  demandOption(areNamed, of, 'services', 'an object of services by their names');
  if (!areNamed) return;
  for (const [name, service] of Object.entries(services)) {
    const option = `services.${name}`;
    demandOption(isRecord(service), of, option, 'an object with a url');
    demandAddress(Reflect.get(Object(service), 'url'), of, `${option}.url`);
  }
}

/** The options of a subscription, before anything is made of them. */
import { EVENT_STREAMS } from '@portcullis/bus';
import {
  demandFunctionIfGiven,
  demandMethods,
  demandOption,
  demandPrefix,
} from '@portcullis/contracts';
import { namesIn } from './catalogue.ts';

const OF = 'subscribeToEvents';
const NAMES: ReadonlySet<string> = new Set(EVENT_STREAMS.flatMap((stream) => namesIn(stream)));

interface Given {
  connection: unknown;
  prefix?: unknown;
  durable: unknown;
  handlers: unknown;
  ignored?: unknown;
  onUnknown?: unknown;
  makeConsumers?: unknown;
  handledWithin?: unknown;
  logger?: unknown;
}

/** @throws TypeError that names the first option that cannot be meant */
export function demandSubscriptionOptions(options: Given): void {
  demandOption(typeof options === 'object' && options !== null, OF, 'its argument', 'an object');
  const { connection, durable, handledWithin, makeConsumers, ignored, logger } = options;
  if (!(connection instanceof Promise)) {
    demandMethods(connection, OF, 'connection', ['request', 'status']);
  }
  demandPrefix(options.prefix, OF);
  demandOption(
    typeof durable === 'string' && /^[a-zA-Z0-9_-]{1,64}$/.test(durable),
    OF,
    'durable',
    '1 to 64 letters, digits, - and _',
  );
  demandHandlers(options.handlers);
  demandOption(
    ignored === undefined ||
      (Array.isArray(ignored) && ignored.every((name: unknown) => typeof name === 'string')),
    OF,
    'ignored',
    'a list of names of events and streams',
  );
  demandFunctionIfGiven(options.onUnknown, OF, 'onUnknown');
  const isSwitch = makeConsumers === undefined || typeof makeConsumers === 'boolean';
  demandOption(isSwitch, OF, 'makeConsumers', 'true or false');
  demandOption(
    handledWithin === undefined ||
      (typeof handledWithin === 'number' && handledWithin > 0 && handledWithin < 2 ** 31),
    OF,
    'handledWithin',
    'a number of milliseconds, more than 0',
  );
  if (logger !== undefined) {
    demandMethods(logger, OF, 'logger', ['debug', 'info', 'warn', 'error']);
  }
}

function demandHandlers(handlers: unknown): void {
  const isObject = typeof handlers === 'object' && handlers !== null;
  demandOption(isObject, OF, 'handlers', 'an object of functions, by event');
  const given = Object.entries<unknown>({ ...handlers }).filter(
    ([, handler]) => handler !== undefined,
  );
  demandOption(
    given.length > 0,
    OF,
    'handlers',
    'an object with a function for one event at least',
  );
  for (const [name, handler] of given) {
    demandOption(isIn(NAMES, name), OF, `handlers.${name}`, 'named as an event of the catalogue');
    demandFunctionIfGiven(handler, OF, `handlers.${name}`);
  }
}

function isIn(names: ReadonlySet<string>, name: unknown): boolean {
  return typeof name === 'string' && names.has(name);
}

/**
 * Services of the reader's own beside `npm start`: each has a user on NATS, a machine client, and
 * where it is asked for an audience and durable consumers. `services.json` of the data folder names
 * them, so that they outlive a restart; `npm run service` writes it, and auth follows it (PORTCULLIS_SERVICES_FILE).
 */
import { EVENT_STREAMS, type EventStream } from '@portcullis/bus';
import { audienceName, clientId, serviceName } from '@portcullis/contracts/schemas';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StepFailure } from '../steps.ts';

export interface OwnService {
  name: string;
  /** That its tokens are for, beside those of auth, user and admin. */
  audience?: string;
  /** Streams that it reads durably. */
  events: readonly EventStream[];
  /** Permissions of its own, as its guards demand them; none unless given. */
  permissions?: readonly string[];
  /** Its machine client, where that is not `cli_NAME`: one that was disabled never comes back. */
  client?: string;
  /** It is being removed: auth and NATS know it no more. */
  removed?: boolean;
}

/** Names of users on NATS that are taken; and that of the client by which users log in, `cli_first-party`. */
const TAKEN = ['auth', 'user', 'admin', 'launcher', 'first-party'];
const FILE = 'services.json';
/** As roles carry them. */
const PERMISSION = /^[a-z][a-z0-9._:-]{0,63}$/;

export const ownServicesFile = (dataFolder: string): string => join(dataFolder, FILE);

/** @throws {StepFailure} when the file holds something else */
export function ownServices(dataFolder: string): OwnService[] {
  const file = ownServicesFile(dataFolder);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return [];
  }
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null) throw new TypeError('is no object');
    return Object.entries(parsed).map(([name, service]) => readService(name, service));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StepFailure(`${file}: ${why}`, {
      fix: 'mend it, as in {"orders":{"audience":"urn:acme:orders","events":["accounts"]}}',
    });
  }
}

export function writeOwnServices(dataFolder: string, services: readonly OwnService[]): void {
  const file = ownServicesFile(dataFolder);
  const inOrder = services.toSorted(({ name: one }, { name: other }) => (one < other ? -1 : 1));
  const entries = inOrder.map(({ name, ...service }) => [name, service]);
  mkdirSync(dataFolder, { recursive: true });
  const draft = `${file}.draft-${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(Object.fromEntries(entries), undefined, 2)}\n`);
  renameSync(draft, file);
}

/** For who follows the file: it is there, if only to say that there are none. */
export function ensureOwnServicesFile(dataFolder: string): string {
  const file = ownServicesFile(dataFolder);
  if (!existsSync(file)) writeOwnServices(dataFolder, []);
  return file;
}

/** Those that are not being removed. */
export const present = (services: readonly OwnService[]): OwnService[] =>
  services.filter(({ removed }) => removed !== true);

/** @throws {TypeError} naming what is wrong */
export function readService(name: string, service: unknown): OwnService {
  if (!serviceName.safeParse(name).success) {
    const form = 'a to z, 0 to 9 and -, a letter first, at most 32';
    throw new TypeError(`${JSON.stringify(name.slice(0, 64))} is no name: ${form}`);
  }
  if (TAKEN.includes(name)) throw new TypeError(`${name} is taken`);
  if (typeof service !== 'object' || service === null) throw new TypeError(`${name} is no object`);
  const { audience, events = [], permissions = [], client, removed }: Fields = service;
  if (!Array.isArray(events)) throw new TypeError(`the events of ${name} are no list`);
  if (!Array.isArray(permissions)) throw new TypeError(`the permissions of ${name} are no list`);
  return {
    name,
    ...(audience === undefined ? {} : { audience: readAudience(name, audience) }),
    events: [...new Set(events.map((stream) => readStream(name, stream)))],
    ...(permissions.length === 0
      ? {}
      : { permissions: [...new Set(permissions.map((one) => readPermission(name, one)))] }),
    ...(client === undefined ? {} : { client: readClient(name, client) }),
    ...(removed === true ? { removed } : {}),
  };
}

interface Fields {
  audience?: unknown;
  events?: unknown;
  permissions?: unknown;
  client?: unknown;
  removed?: unknown;
}

function readPermission(name: string, permission: unknown): string {
  if (typeof permission === 'string' && PERMISSION.test(permission)) return permission;
  const form = 'a to z, 0 to 9, ., _, : and -, a letter first, at most 64';
  throw new TypeError(`a permission of ${name} is none: ${form}`);
}

function readClient(name: string, client: unknown): string {
  const read = clientId.safeParse(client);
  if (read.success) return read.data;
  throw new TypeError(`the client of ${name} is none`);
}

function readAudience(name: string, audience: unknown): string {
  const read = audienceName.safeParse(audience);
  // Auth's setting separates them by blanks and commas, and a file of settings ends a value at a `#`, or by its quotes.
  if (read.success && !/[\s,#'"`\\]/.test(read.data)) return read.data;
  throw new TypeError(`the audience of ${name} is none: no blanks, commas, quotes, \\ or #`);
}

function readStream(name: string, stream: unknown): EventStream {
  const known = EVENT_STREAMS.find((one) => one === stream);
  if (known !== undefined) return known;
  throw new TypeError(`the events of ${name} are none of ${EVENT_STREAMS.join(', ')}`);
}

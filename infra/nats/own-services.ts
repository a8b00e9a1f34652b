/**
 * Services of the reader's own beside `npm start`: each has a user on NATS, a machine client, and
 * where it is asked for an audience and durable consumers. `services.json` of the data folder names
 * them, so that they outlive a restart; `npm run service` writes it.
 */
import { EVENT_STREAMS, type EventStream } from '@portcullis/bus';
import { audienceName, serviceName } from '@portcullis/contracts/schemas';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StepFailure } from '../steps.ts';

export interface OwnService {
  name: string;
  /** That its tokens are for, beside those of auth, user and admin. */
  audience?: string;
  /** Streams that it reads durably. */
  events: readonly EventStream[];
}

/** Names of users on NATS that are taken. */
const TAKEN = ['auth', 'user', 'admin', 'launcher'];
const FILE = 'services.json';
/** Those of tokens unless the shell says otherwise, as auth has them. */
const AUDIENCES = 'urn:portcullis:auth urn:portcullis:user urn:portcullis:admin';

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
  const entries = services.map(({ name, ...service }) => [name, service]);
  mkdirSync(dataFolder, { recursive: true });
  const draft = `${file}.draft-${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(Object.fromEntries(entries), undefined, 2)}\n`);
  renameSync(draft, file);
}

/** @throws {TypeError} naming what is wrong */
export function readService(name: string, service: unknown): OwnService {
  if (!serviceName.safeParse(name).success) {
    throw new TypeError(`${name} is no name: a to z, 0 to 9 and -, at most 32`);
  }
  if (TAKEN.includes(name)) throw new TypeError(`${name} is taken`);
  if (typeof service !== 'object' || service === null) throw new TypeError(`${name} is no object`);
  const { audience, events = [] }: { audience?: unknown; events?: unknown } = service;
  if (!Array.isArray(events)) throw new TypeError(`the events of ${name} are no list`);
  return {
    name,
    ...(audience === undefined ? {} : { audience: readAudience(name, audience) }),
    events: events.map((stream) => readStream(name, stream)),
  };
}

/** The two settings of auth that name them: those of the shell, and theirs. Given as a file, they stay. */
export function withOwnServices(
  services: readonly OwnService[],
  shell: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const audiences = services.flatMap(({ audience }) => (audience === undefined ? [] : [audience]));
  const durables = services.flatMap(({ name, events }) =>
    events.map((stream) => `${name}:${stream}`),
  );
  return {
    ...extended('PORTCULLIS_AUDIENCES', AUDIENCES, audiences, shell),
    ...extended('PORTCULLIS_DURABLES', '', durables, shell),
  };
}

function extended(
  name: string,
  usual: string,
  more: readonly string[],
  shell: NodeJS.ProcessEnv,
): Record<string, string> {
  if (more.length === 0 || shell[`${name}_FILE`]) return {};
  return {
    [name]: [...new Set([...(shell[name] || usual).split(/[\s,]+/), ...more])].join(' ').trim(),
  };
}

function readAudience(name: string, audience: unknown): string {
  const read = audienceName.safeParse(audience);
  // Auth's setting separates them by blanks and commas.
  if (read.success && !/[\s,]/.test(read.data)) return read.data;
  throw new TypeError(`the audience of ${name} is none`);
}

function readStream(name: string, stream: unknown): EventStream {
  const known = EVENT_STREAMS.find((one) => one === stream);
  if (known !== undefined) return known;
  throw new TypeError(`the events of ${name} are none of ${EVENT_STREAMS.join(', ')}`);
}

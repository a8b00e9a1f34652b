/**
 * What each service answers to each kind of credentials, whole: status, headers and body. `answers.json` was
 * written by the services before they had one guard in common; `vitest -u` writes it anew.
 */
import { closeCodeOf } from '@portcullis/contracts';
import { errorCode } from '@portcullis/contracts/schemas';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ask, type WholeAnswer } from './ask.ts';
import { BEHAVIOURS, OF_CLIENTS, OF_LOGINS, WHILE_STALE, type Target } from './behaviours.ts';
import {
  FORMS,
  startGuardedServer,
  type Demand,
  type Form,
  type GuardedServer,
} from './guarded-server.ts';
import { outcomeOfSocket, startGuardedSockets, type GuardedSockets } from './guarded-sockets.ts';
import { createStage, type Stage } from './stage.ts';

const FOR_MACHINES = 'auth tRPC, for machines';

let stage: Stage;
let guarded: GuardedServer;
let sockets: GuardedSockets;
beforeAll(async () => {
  stage = await createStage();
  guarded = stage.system.bed.use(await startGuardedServer(stage.system));
  sockets = stage.system.bed.use(await startGuardedSockets(guarded));
}, 180_000);
afterAll(async () => stage?.[Symbol.asyncDispose]());

function targetsOf({ system: { auth, user, admin } }: Stage): Target[] {
  const name = JSON.stringify({ name: 'Ada' });
  return [
    { name: 'auth', method: 'GET', url: `${auth.url}/v1/sessions` },
    { name: 'auth tRPC', method: 'GET', url: `${auth.url}/trpc/sessions.list` },
    { name: FOR_MACHINES, method: 'GET', url: `${auth.url}/trpc/verifiers.list` },
    { name: 'user', method: 'GET', url: `${user.url}/v1/me` },
    { name: 'user, a change', method: 'PATCH', url: `${user.url}/v1/me`, body: name },
    { name: 'user tRPC', method: 'GET', url: `${user.url}/trpc/me.get` },
    { name: 'user tRPC, two calls', method: 'GET', url: `${user.url}/trpc/me.get,me.get?batch=1` },
    { name: 'user tRPC, a stream', method: 'GET', url: `${user.url}/trpc/me.events` },
    { name: 'admin', method: 'GET', url: `${admin.url}/v1/verifiers` },
    { name: 'admin tRPC', method: 'GET', url: `${admin.url}/trpc/verifiers.list` },
  ];
}

/** A guard alone, and the service that it has to answer like. */
interface LikeTarget extends Target {
  like: string;
}

function guardsLike(form: Form): LikeTarget[] {
  const to = (demand: Demand) => ({
    name: `${form}, ${demand}`,
    method: 'GET',
    url: guarded.urlOf(form, demand),
  });
  const change = { name: `${form}, a change`, method: 'PATCH', body: '{}' };
  return [
    { ...to('users'), like: 'user' },
    { ...to('users'), ...change, like: 'user, a change' },
    { ...to('permitted'), like: 'admin' },
    { ...to('administrators'), like: 'admin' },
    { ...to('scoped'), like: FOR_MACHINES },
  ];
}

/** What no service asks in this way is recorded by itself. */
function guardsAlone(form: Form): Target[] {
  const to = (demand: Demand, method: string): Target => ({
    name: `${method}, ${demand}`,
    method,
    url: guarded.urlOf(form, demand),
  });
  return [
    to('clients', 'GET'),
    to('anybody', 'GET'),
    to('users', 'HEAD'),
    to('users', 'OPTIONS'),
    to('users', 'DELETE'),
  ];
}

function loginsOf({ system: { auth, administrator } }: Stage): Target[] {
  const body = JSON.stringify(administrator);
  const inCookies = JSON.stringify({ ...administrator, transport: 'cookie' });
  return [
    { name: 'login', method: 'POST', url: `${auth.url}/v1/login`, body },
    { name: 'login tRPC', method: 'POST', url: `${auth.url}/trpc/login`, body },
    { name: 'login, in cookies', method: 'POST', url: `${auth.url}/v1/login`, body: inCookies },
    { name: 'refresh', method: 'POST', url: `${auth.url}/v1/refresh`, body: '{}' },
  ];
}

function clientsOf({ system: { auth } }: Stage): Target[] {
  const form = 'grant_type=client_credentials&token=a.b.c';
  const type = 'application/x-www-form-urlencoded';
  return [
    { name: 'token', method: 'POST', url: `${auth.url}/oauth2/token`, body: form, type },
    {
      name: 'introspection',
      method: 'POST',
      url: `${auth.url}/oauth2/introspect`,
      body: form,
      type,
    },
    { name: 'grant', method: 'POST', url: `${auth.url}/v1/grants`, body: '{}' },
    { name: 'snapshot', method: 'GET', url: `${auth.url}/v1/revocations/snapshot` },
  ];
}

async function answersOf(rows: typeof BEHAVIOURS, targets: readonly Target[]) {
  const found: Record<string, Record<string, WholeAnswer>> = {};
  for (const { name, bring } of rows) {
    found[name] = {};
    for (const target of targets) {
      const headers = [...(await bring(stage, target))];
      if (target.body !== undefined)
        headers.push(['content-type', target.type ?? 'application/json']);
      found[name][target.name] = await ask({ ...target, headers });
    }
  }
  return found;
}

/** What of an answer is the guard's. */
function guardsPart({ status, headers, body }: WholeAnswer) {
  const names = ['www-authenticate', 'retry-after', 'dpop-nonce'];
  return { status, body: withoutEnvelope(body), headers: names.map((name) => headers[name]) };
}

/** Of an answer of tRPC what is in its envelope. */
function withoutEnvelope(body: unknown): unknown {
  const error: unknown = Reflect.get(Object(body), 'error');
  const data: unknown = Reflect.get(Object(error), 'data');
  return Reflect.get(Object(data), 'portcullis') ?? body;
}

/** The answers of the guard alone beside those of the services. */
async function expectGuardsToAnswerLike(
  found: Awaited<ReturnType<typeof answersOf>>,
  rows: typeof BEHAVIOURS,
  isCompared = (_like: string) => true,
): Promise<void> {
  for (const form of FORMS) {
    const targets = guardsLike(form).filter(({ like }) => isCompared(like));
    const answers = await answersOf(rows, targets);
    for (const { name: behaviour } of rows) {
      for (const { name, like } of targets) {
        const [guard, service] = [answers[behaviour]?.[name], found[behaviour]?.[like]];
        if (guard === undefined || service === undefined) {
          throw new Error(`${behaviour}: ${name} or ${like} was not asked`);
        }
        expect(guardsPart(guard), `${behaviour}: ${name}`).toEqual(guardsPart(service));
      }
    }
  }
}

/** @returns what the guards answer alone, to each form of a request alike */
async function answersOfGuardsAlone(): ReturnType<typeof answersOf> {
  const recorded = await answersOf(BEHAVIOURS, guardsAlone('node'));
  for (const form of FORMS) {
    const answers = await answersOf(BEHAVIOURS, guardsAlone(form));
    for (const [behaviour, row] of Object.entries(answers)) {
      for (const [name, answer] of Object.entries(row)) {
        const expected = recorded[behaviour]?.[name];
        if (expected === undefined) throw new Error(`${behaviour}: ${name} was not asked`);
        expect(guardsPart(answer), `${form}: ${behaviour}: ${name}`).toEqual(guardsPart(expected));
      }
    }
  }
  return recorded;
}

/** A socket is closed with the code of the refusal that the same request gets over HTTP. */
async function expectSocketsToEndLike(
  found: Awaited<ReturnType<typeof answersOf>>,
  rows: typeof BEHAVIOURS,
): Promise<void> {
  // No CORS keeps a page from reading a socket: its cookie counts where the browser says whose the page is.
  const stricter = new Map([['cookie: no browser', closeCodeOf('cross_site')]]);
  for (const { name, bring } of rows) {
    const { status, body } = found[name]?.['user'] ?? {};
    const code = status === 200 ? undefined : codeIn(body);
    const like = code === undefined ? 'let in' : closeCodeOf(code);
    const headers = await bring(stage, { name, method: 'GET', url: sockets.url });
    const outcome = await outcomeOfSocket(sockets.url, headers);
    expect(outcome, `a socket: ${name}`).toBe(stricter.get(name) ?? like);
  }
}

function codeIn(body: unknown) {
  return errorCode.parse(Reflect.get(Object(body), 'code'));
}

function sorted(entries: [string, unknown][]): Record<string, unknown> {
  return Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/** Each answer stands once, under its status and code; what every answer has stands apart. */
function tableOf(found: Awaited<ReturnType<typeof answersOf>>) {
  const all = Object.values(found).flatMap((row) => Object.values(row));
  const everywhere = Object.entries(all[0]?.headers ?? {}).filter(([name, value]) =>
    all.every(({ headers }) => headers[name] === value),
  );
  const names = new Set(everywhere.map(([name]) => name));
  const answers = new Map<string, { name: string; answer: WholeAnswer }>();
  const nameOf = ({ status, headers, body }: WholeAnswer): string => {
    const own = Object.entries(headers).filter(([name]) => !names.has(name));
    const answer = { status, headers: sorted(own), body };
    const key = JSON.stringify(answer);
    const code =
      /"(?:code|error)":"(\w+)","(?:message|error_description)"/.exec(key)?.[1] ??
      (status < 300 ? 'ok' : 'bare');
    const alike = [...answers.values()].filter(({ name }) =>
      name.startsWith(`${status} ${code}, `),
    );
    const name = `${status} ${code}, ${alike.length + 1}`;
    if (!answers.has(key)) answers.set(key, { name, answer });
    return answers.get(key)?.name ?? name;
  };
  const rows = Object.entries(found).map(([behaviour, row]) => [
    behaviour,
    Object.fromEntries(Object.entries(row).map(([target, answer]) => [target, nameOf(answer)])),
  ]);
  return {
    rows: Object.fromEntries(rows),
    answers: Object.fromEntries([...answers.values()].map(({ name, answer }) => [name, answer])),
    every: sorted(everywhere),
  };
}

it('each service answers each kind of credentials as it did before, and the guard like them', async () => {
  const targets = targetsOf(stage);
  const found = {
    ...(await answersOf(BEHAVIOURS, targets)),
    ...(await answersOf(OF_LOGINS, loginsOf(stage))),
    ...(await answersOf(OF_CLIENTS, clientsOf(stage))),
  };
  await expectGuardsToAnswerLike(found, BEHAVIOURS);
  const alone = await answersOfGuardsAlone();
  await expectSocketsToEndLike(found, BEHAVIOURS);
  const { bed, auth, user, admin } = stage.system;
  // A verifier hears of nothing any more. Auth asks its database, and goes on.
  bed.proxies.nats.cut();
  const ofAuth = targets.filter(({ name }) => name.startsWith('auth'));
  const others = targets.filter((target) => !ofAuth.includes(target));
  const stale = await answersOf(WHILE_STALE, ofAuth);
  auth.pause();
  try {
    for (const { url } of [user, admin]) {
      await expect.poll(async () => (await fetch(`${url}/readyz`)).status).toBe(503);
    }
    await expect.poll(() => guarded.verifier.state).not.toBe('LIVE');
    const rest = await answersOf(WHILE_STALE, others);
    for (const [name, row] of Object.entries(rest)) Object.assign(stale[name] ?? {}, row);
    // Auth is never stale, and cannot be asked now.
    await expectGuardsToAnswerLike(stale, WHILE_STALE, (like) => like !== FOR_MACHINES);
    await expectSocketsToEndLike(stale, WHILE_STALE);
  } finally {
    auth.resume();
  }
  const table = { ...tableOf({ ...found, ...stale }), guards: tableOf(alone) };
  const text = `${JSON.stringify(table, null, 2)}\n`;
  await expect(text).toMatchFileSnapshot('answers.json');
}, 240_000);

/**
 * What each service answers to each kind of credentials, whole: status, headers and body. `answers.json` was
 * written by the services before they had one guard in common; `vitest -u` writes it anew. Beside them each
 * framework, behind its guard and on a server of its own, has to answer the same.
 */
import { closeCodeOf } from '@portcullis/contracts';
import { errorCode } from '@portcullis/contracts/schemas';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { WholeAnswer } from './ask.ts';
import {
  BEHAVIOURS,
  LET_IN,
  OF_CLIENTS,
  OF_LOGINS,
  TOO_LARGE,
  WHILE_STALE,
  type Behaviour,
  type Target,
} from './behaviours.ts';
import { answersOf, differences, type Answers, type Difference } from './compare.ts';
import {
  FRAMEWORK_NAMES,
  startGuardedServer,
  type GuardedServer,
  type RouteName,
} from './guarded-server.ts';
import { startGuardedSocketIo, type GuardedSocketIo } from './guarded-socket-io.ts';
import { outcomeOfSocket, startGuardedSockets, type GuardedSockets } from './guarded-sockets.ts';
import { MUTANTS, startMutant } from './mutants.ts';
import { createStage, type Stage } from './stage.ts';

const FOR_MACHINES = 'auth tRPC, for machines';
/** By which the others are measured, where no service is asked in that way. */
const REFERENCE = 'node';

let stage: Stage;
let guarded: GuardedServer;
let sockets: GuardedSockets;
let socketIo: GuardedSocketIo;
beforeAll(async () => {
  stage = await createStage();
  guarded = stage.system.bed.use(await startGuardedServer(stage.system));
  sockets = stage.system.bed.use(await startGuardedSockets(guarded));
  socketIo = stage.system.bed.use(await startGuardedSocketIo(guarded));
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

/** A route behind a guard, and the service that it has to answer like. */
interface LikeTarget extends Target {
  like: string;
}

function guardsLike(framework: string): LikeTarget[] {
  const to = (route: RouteName) => ({
    name: `${framework}, ${route}`,
    method: 'GET',
    url: guarded.urlOf(framework, route),
  });
  const change = { name: `${framework}, a change`, method: 'PATCH', body: '{}' };
  return [
    { ...to('users'), like: 'user' },
    { ...to('users'), ...change, like: 'user, a change' },
    { ...to('permitted'), like: 'admin' },
    { ...to('administrators'), like: 'admin' },
    { ...to('scoped'), like: FOR_MACHINES },
  ];
}

const alone =
  (framework: string) =>
  (route: RouteName, method = 'GET'): Target => ({
    name: `${method}, ${route}`,
    method,
    url: guarded.urlOf(framework, route),
  });

/** What no service asks in this way is recorded by itself. */
function guardsAlone(framework: string): Target[] {
  const to = alone(framework);
  return [
    to('clients'),
    to('anybody'),
    to('nonces'),
    to('recent'),
    to('users', 'HEAD'),
    to('users', 'OPTIONS'),
    to('users', 'DELETE'),
  ];
}

function handlersThatThrow(framework: string): Target[] {
  const to = alone(framework);
  return [to('refusing'), to('unavailable'), to('failing'), to('failing', 'DELETE')];
}

/** Under verifiers with policies. */
function policies(framework: string): Target[] {
  const to = alone(framework);
  return [to('introspecting'), to('strict'), to('accepting')];
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

/** What the frameworks answer that is not what the services do. */
async function unlikeServices(
  found: Answers,
  rows: readonly Behaviour[],
  frameworks: readonly string[] = FRAMEWORK_NAMES,
  isCompared = (_like: string) => true,
): Promise<Difference[]> {
  const all: Difference[] = [];
  for (const framework of frameworks) {
    const targets = guardsLike(framework).filter(({ like }) => isCompared(like));
    const likes = new Map(targets.map(({ name, like }) => [name, like]));
    const answers = await answersOf(stage, rows, targets);
    all.push(...differences(answers, found, (target) => likes.get(target) ?? ''));
  }
  return all;
}

/** What the frameworks answer that is not what the reference does. */
async function unlikeReference(
  recorded: Answers,
  rows: readonly Behaviour[],
  targetsOfFramework: (framework: string) => Target[],
  frameworks: readonly string[] = FRAMEWORK_NAMES,
): Promise<Difference[]> {
  const all: Difference[] = [];
  for (const framework of frameworks) {
    const answers = await answersOf(stage, rows, targetsOfFramework(framework));
    const found = differences(answers, recorded);
    all.push(...found.map((each) => ({ ...each, target: `${framework}: ${each.target}` })));
  }
  return all;
}

/** A router of one's own answers as one of the services, envelope and all. */
async function expectTrpcToAnswerLike(found: Answers, rows: readonly Behaviour[]): Promise<void> {
  const url = guarded.trpcUrl;
  const targets = [
    { name: 'user tRPC', method: 'GET', url: `${url}/me.get` },
    { name: 'user tRPC, two calls', method: 'GET', url: `${url}/me.get,me.get?batch=1` },
  ];
  const answers = await answersOf(stage, rows, targets);
  expect(differences(answers, found)).toEqual([]);
  for (const [behaviour, row] of Object.entries(answers)) {
    if (behaviour === TOO_LARGE) continue;
    for (const [target, { body }] of Object.entries(row)) {
      expect(body, `${behaviour}: ${target}`).toEqual(found[behaviour]?.[target]?.body);
    }
  }
}

/** A socket is closed with the code of the refusal that the same request gets over HTTP. */
async function expectSocketsToEndLike(found: Answers, rows: readonly Behaviour[]): Promise<void> {
  // No CORS keeps a page from reading a socket: its cookie counts where the browser says whose the page is.
  const stricter = new Map([['cookie: no browser', closeCodeOf('cross_site')]]);
  for (const { name, bring } of rows.filter((row) => row.name !== TOO_LARGE)) {
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
function tableOf(found: Answers) {
  const all = Object.values(found).flatMap((row) => Object.values(row));
  const everywhere = Object.entries(all[0]?.headers ?? {}).filter(([name, value]) =>
    all.every(({ headers }) => headers[name] === value),
  );
  const names = new Set(everywhere.map(([name]) => name));
  type Shown = Omit<WholeAnswer, 'requestId'>;
  const answers = new Map<string, { name: string; answer: Shown }>();
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

it('each service answers each kind of credentials as it did before, and each guard like them', async () => {
  const defects = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const targets = targetsOf(stage);
  const found: Answers = {
    ...(await answersOf(stage, BEHAVIOURS, targets)),
    ...(await answersOf(stage, OF_LOGINS, loginsOf(stage))),
    ...(await answersOf(stage, OF_CLIENTS, clientsOf(stage))),
  };
  expect(await unlikeServices(found, BEHAVIOURS)).toEqual([]);
  const read = BEHAVIOURS.filter(({ name }) => name !== TOO_LARGE);
  const recorded = await answersOf(stage, read, guardsAlone(REFERENCE));
  expect(await unlikeReference(recorded, read, guardsAlone)).toEqual([]);
  const thrown = await answersOf(stage, LET_IN, handlersThatThrow(REFERENCE));
  expect(await unlikeReference(thrown, LET_IN, handlersThatThrow)).toEqual([]);
  await expectTrpcToAnswerLike(found, BEHAVIOURS);
  await expectSocketsToEndLike(found, BEHAVIOURS);
  expect(await socketIo.unlike(stage, found, BEHAVIOURS)).toEqual([]);
  for (const { name, told, expected } of await socketIo.mutants(stage, found, BEHAVIOURS)) {
    expect(told, `a guard of Socket.IO that ${name}`).toEqual(expected);
  }
  const open = await socketIo.open(stage.tokens.administrator);
  for (const mutant of MUTANTS) {
    const { name, rows } = mutant;
    await startMutant(guarded, mutant);
    const own = BEHAVIOURS.filter((row) => rows.includes(row.name));
    const seen = [
      ...(await unlikeServices(found, own, [name])),
      ...(await unlikeReference(recorded, own, guardsAlone, [name])),
    ];
    const cells = new Set(seen.map(({ behaviour }) => behaviour));
    expect([...cells].toSorted(), `a guard that ${name}`).toEqual([...rows].toSorted());
  }
  const { bed, auth, user, admin } = stage.system;
  // A verifier hears of nothing any more. Auth asks its database, and goes on.
  bed.proxies.nats.cut();
  const ofAuth = targets.filter(({ name }) => name.startsWith('auth'));
  const others = targets.filter((target) => !ofAuth.includes(target));
  const stale = await answersOf(stage, WHILE_STALE, ofAuth);
  await expect.poll(() => guarded.states().includes('LIVE')).toBe(false);
  const ofPolicies = await answersOf(stage, WHILE_STALE, policies(REFERENCE));
  expect(await unlikeReference(ofPolicies, WHILE_STALE, policies)).toEqual([]);
  auth.pause();
  try {
    for (const { url } of [user, admin]) {
      await expect.poll(async () => (await fetch(`${url}/readyz`)).status).toBe(503);
    }
    const rest = await answersOf(stage, WHILE_STALE, others);
    for (const [name, row] of Object.entries(rest)) Object.assign(stale[name] ?? {}, row);
    // Auth is never stale, and cannot be asked now.
    const isCompared = (like: string) => like !== FOR_MACHINES;
    const unlike = await unlikeServices(stale, WHILE_STALE, FRAMEWORK_NAMES, isCompared);
    expect(unlike).toEqual([]);
    await expectTrpcToAnswerLike(stale, WHILE_STALE);
    await expectSocketsToEndLike(stale, WHILE_STALE);
    expect(await socketIo.unlike(stage, stale, WHILE_STALE)).toEqual([]);
    expect(await open.ended).toMatchObject({ code: 'verifier_stale', status: 503 });
  } finally {
    auth.resume();
  }
  const guards = tableOf({ ...recorded, ...suffixed(thrown, 'thrown'), ...ofPolicies });
  const table = { ...tableOf({ ...found, ...stale }), guards };
  const text = `${JSON.stringify(table, null, 2)}\n`;
  await expect(text).toMatchFileSnapshot('answers.json');
  expect(defects).toHaveBeenCalledWith(
    expect.objectContaining({ message: 'the text of a defect' }),
  );
}, 240_000);

const suffixed = (answers: Answers, by: string): Answers =>
  Object.fromEntries(Object.entries(answers).map(([name, row]) => [`${name}, ${by}`, row]));

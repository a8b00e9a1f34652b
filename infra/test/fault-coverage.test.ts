/** What the fault suite may not take for proof: a history that shows nothing, and a case that hangs. */
import { newId } from '@portcullis/contracts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { coverageOf } from '../faults/checks/coverage.ts';
import { evidenceOf } from '../faults/checks/evidence.ts';
import { judge } from '../faults/checks/judge.ts';
import { History } from '../faults/history/history.ts';
import type { Logged } from '../faults/history/logged.ts';
import { Machine, type Stall } from '../faults/history/machine.ts';
import type { Verdict } from '../faults/history/operation.ts';
import type { Token } from '../faults/history/token.ts';
import { within } from '../faults/within.ts';

const S = 5_000;
const COMMITTED = 10_000;

let stalls: Stall[];
let machine: Machine;
let history: History;
let log: Logged[];

beforeEach(() => {
  stalls = [];
  machine = new Machine(stalls);
  history = new History(machine);
  log = [];
});

afterEach(() => {
  machine[Symbol.dispose]();
});

function tokenOf(): Token {
  return {
    ...{ sub: newId('usr'), sid: newId('ses'), jti: newId('tok'), client_id: 'cli_test' },
    ...{ gen: 0, cgen: 0, csgen: 0, igen: 0, exp: 0, kid: newId('key') },
    ...{ text: '', label: 'token', asked: 0, answered: 0 },
  };
}

function ended(): Token {
  const token = tokenOf();
  log.push({
    ...{ id: newId('evt'), kind: 'session', key: token.sid, generation: null },
    ...{ position: log.length + 1, published: true, audited: true },
    ...{ occurred_at: 0, committedBy: COMMITTED, writtenAfter: COMMITTED - 10 },
  });
  return token;
}

function shown(times: number, token: Token, verdict: Verdict, start: number): void {
  for (let n = 0; n < times; n += 1) {
    const seen = { start, end: start + 5, status: 200, detail: '' };
    history.verifications.push({ kind: 'verify', at: 'user 1', token, verdict, ...seen });
  }
}

function enough(): void {
  const token = ended();
  shown(20, token, 'refused', COMMITTED + 1_000);
  shown(10, token, 'refused', COMMITTED + S + 100);
  shown(30, tokenOf(), 'accepted', COMMITTED + 1_000);
}

/** The first words of what is lacking. */
function lacks(): string[] {
  const evidence = evidenceOf(history, log, S);
  expect(judge(evidence)).toEqual([]);
  return coverageOf(evidence).lacks.map((lack) => lack.split(':')[0] ?? '');
}

it('takes a history for proof in which every sort of request was tried', () => {
  enough();
  expect(lacks()).toEqual([]);
});

it('takes none in which nothing was tried', () => {
  expect(lacks()).toEqual([
    'ended tokens that were shown',
    'ended tokens that were shown after T + S',
    'tokens that hold and were accepted',
  ]);
});

it('asks for ended tokens at the verifier that was struck, while it was', () => {
  enough();
  history.struck.push({ at: 'user 2', from: 0, to: 100_000 });
  expect(lacks()).toEqual(['ended tokens shown to user 2 under it']);
  history.struck[0] = { at: 'user 1', from: COMMITTED, to: COMMITTED + S };
  expect(lacks()).toEqual([]);
});

it('asks for a sign that pushes were lost, where they were to be', () => {
  enough();
  history.deaf.push({ at: 'user 1', from: COMMITTED, to: COMMITTED + S });
  expect(lacks()).toEqual(['acceptances within S that show that user 1 got no push']);
  shown(1, ended(), 'accepted', COMMITTED + 400);
  expect(lacks()).toEqual([]);
});

it('takes none in which the machine left much without a verdict', () => {
  enough();
  stalls.push({ from: 0, to: COMMITTED + 1_000 });
  shown(3, tokenOf(), 'stale', COMMITTED + 1_000);
  expect(lacks()).toEqual([]);
  shown(1, tokenOf(), 'stale', COMMITTED + 1_000);
  expect(lacks()).toEqual(['not judged']);
});

it('holds it against a verifier that gives no verdict on a machine that was quiet', () => {
  enough();
  shown(1, tokenOf(), 'stale', COMMITTED + 1_000);
  const [offence] = judge(evidenceOf(history, log, S));
  expect(offence).toMatchObject({ check: 'G4' });
});

it('ends what hangs, and hands on what does not', async () => {
  await expect(within(20, new Promise(() => {}))).rejects.toThrow('it hung');
  await expect(within(20_000, Promise.resolve('done'))).resolves.toBe('done');
  await expect(within(20_000, Promise.reject(new Error('its own')))).rejects.toThrow('its own');
});

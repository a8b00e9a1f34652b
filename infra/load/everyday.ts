/**
 * What a system goes through in its everyday life, as a case of the fault suite in which nothing is broken: logins,
 * refreshes and logouts, while roles change, keys rotate and every service is replaced, one after the other.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { replace } from '../faults/cases/auth-stopped-for-roll.ts';
import type { Fault, Scene } from '../faults/fault.ts';
import { isWithout } from '../faults/checks/exact.ts';
import { overlaps, type History } from '../faults/history/history.ts';
import { affects } from '../faults/history/logged.ts';
import { tell, type Change, type Verification } from '../faults/history/operation.ts';
import type { Token } from '../faults/history/token.ts';
import { RESTART_MS } from '../faults/lengths.ts';
import type { Stage, VerifierPlace } from '../faults/stage/stage.ts';
import type { Door } from '../faults/traffic/actor.ts';
import type { Ask } from '../faults/traffic/ask.ts';
import { heldMemory, type Memory } from './memory.ts';

/** Between two changes of roles, and between two tokens of the administrator, who may log in only so often. */
const ROLES_EVERY_MS = 2_000;
const ADMINISTRATOR_MS = 120_000;
/** Parts of the whole: when services are replaced, when keys are rotated, and when memory is looked at. */
const ROLL_AT = 0.1;
const ROTATE_AT = [0.2, 0.6];
const MEMORY_AT = 1 / 3;
/** Replacing all of them may take as long. Milliseconds. */
const ROLL_MS = 5 * (RESTART_MS + 3_000);
/** What is held at the end, of what was held at a third. */
const MOST_GROWTH = 0.05;
const SHORTEST_JUDGED_MS = 20 * 60_000;

export interface EverydayOptions {
  readonly lastsMs: number;
  readonly ask: Ask;
  /** Called with each look at the memory of the services. */
  onMemory(memory: Memory): void;
}

export function everyday(options: EverydayOptions): Fault {
  const { lastsMs, onMemory } = options;
  return {
    name: 'everyday',
    about: 'nothing is broken: roles change, keys rotate, every service is replaced',
    takes: () => Math.max(lastsMs, ROLL_MS),
    async run(scene) {
      const began = performance.now();
      const over = { at: began + lastsMs };
      const until = async (part: number) => await sleep(began + part * lastsMs - performance.now());
      const administrator = administratorOf(scene);
      const roles = changeRoles(scene, administrator, over);
      const rotated = (async () => {
        for (const part of ROTATE_AT) {
          await until(part);
          await rotateKey(scene, options.ask, await administrator());
        }
      })();
      await until(ROLL_AT);
      await replaceAll(scene);
      await until(MEMORY_AT);
      const before = await heldMemory(scene.stage);
      onMemory(before);
      await until(1);
      const after = await heldMemory(scene.stage);
      onMemory(after);
      await Promise.all([roles, rotated]);
      demandNoFailure(scene);
      if (lastsMs >= SHORTEST_JUDGED_MS) demandFlat(scene, before, after);
    },
  };
}

/** Where clients reach auth. */
export function balancerOf({ balancer }: Stage): Door {
  return { name: 'balancer', service: { url: balancer.url } };
}

/**
 * Auth as an orchestrator does it, behind its balancer. Each of the others is asked directly, since each is a verifier
 * of its own; while one is replaced a balancer would send its requests elsewhere, and so they may be refused.
 */
async function replaceAll(scene: Scene): Promise<void> {
  const { stage, history, expect } = scene;
  for (const instance of stage.instances) await replace(scene, instance);
  for (const verifier of stage.verifiers) {
    const { name, service } = verifier;
    await scene.excusing([verifier], async () => {
      history.mark(`${name}: SIGTERM`);
      service.kill('SIGTERM');
      expect(`${name} ended with 0`, (await service.process.exited) === 0);
      await service.restart();
    });
  }
}

async function changeRoles(
  { actor, traffic, random, stage, expect }: Scene,
  administrator: () => Promise<Token>,
  over: { at: number },
): Promise<void> {
  const admin = adminOf(stage.verifiers);
  const given = new Map<string, boolean>();
  while (performance.now() < over.at) {
    await sleep(ROLES_EVERY_MS);
    const { living } = traffic;
    if (living.length === 0) continue;
    const token = random.pick(living);
    const support = given.get(token.sub) !== true;
    given.set(token.sub, support);
    const by = await administrator();
    await actor.setRoles(admin, by, token, support ? ['support'] : []);
  }
  expect(`roles of users changed; of ${given.size} they did`, given.size > 1);
}

async function rotateKey({ stage, expect }: Scene, ask: Ask, by: Token): Promise<void> {
  const { service } = adminOf(stage.verifiers);
  const { status, detail } = await ask(`${service.url}/v1/keys/rotate`, {
    method: 'POST',
    headers: { authorization: `Bearer ${by.text}`, 'content-type': 'application/json' },
    body: '{}',
  });
  expect(`the key is rotated: ${status} ${detail}`, status >= 200 && status < 300);
}

function administratorOf({ stage, actor }: Scene): () => Promise<Token> {
  let held: { token: Token; since: number } | undefined;
  return async () => {
    if (held !== undefined && performance.now() - held.since < ADMINISTRATOR_MS) return held.token;
    const { administrator } = stage.instances[0].service;
    const session = await actor.logIn(balancerOf(stage), administrator);
    if (session === undefined) throw new Error('the administrator could not log in');
    held = { token: session.token, since: performance.now() };
    return held.token;
  };
}

function adminOf(verifiers: readonly VerifierPlace[]): VerifierPlace {
  const found = verifiers.find(({ name }) => name === 'admin');
  if (found === undefined) throw new Error('there is no admin service');
  return found;
}

/**
 * What was asked again as documented stands in the history as it came out. A token that another change has ended
 * meanwhile, or whose roles have changed, is refused for that: what it was to do was not done.
 */
function demandNoFailure({ history, stage }: Scene): void {
  const { rows } = stage.log;
  const isOutdated = ({ status, token }: Change): boolean =>
    status === 401 && rows.some((logged) => affects(logged, token));
  const changes = history.changes.filter((one) => one.outcome !== 'ok' && !isOutdated(one));
  const issues = history.issues.filter(({ status }) => status === 0 || status >= 500);
  const verifications = history.verifications.filter(
    (one) => isWithout(one) && !isReplaced(history, one),
  );
  for (const one of [...changes, ...issues, ...verifications]) {
    history.found.push(`failed: ${tell(one)}`);
  }
}

/** A connection refused by a verifier that is being replaced; an answer that was cut off is never excused. */
function isReplaced({ excused }: History, verification: Verification): boolean {
  const { status, detail } = verification;
  if (status !== 503 && !detail.includes('ECONNREFUSED')) return false;
  return excused.some((span) => overlaps(span, verification));
}

function demandFlat({ history }: Scene, before: Memory, after: Memory): void {
  for (const [name, held] of after) {
    const growth = held / (before.get(name) ?? held) - 1;
    if (growth < MOST_GROWTH) continue;
    history.found.push(`${name} holds ${(100 * growth).toFixed(1)} % more memory than before`);
  }
}

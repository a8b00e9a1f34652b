import type { Fault } from '../fault.ts';
import type { Token } from '../history/token.ts';
import type { Stage } from '../stage/stage.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

/** Longer than a verifier pauses between two fetches: the former answer does not count any more. */
const PAUSE_MS = 5_500;
/** A new key signs so long after it was made. */
const AHEAD_MS = 10_000;
const SIGNING_MS = 4_000;

export const keySetUnreachable: Fault = {
  name: 'key-set-unreachable',
  about: 'no verifier can fetch the key set while the signing key is rotated, and then killed',
  takes: () => PAUSE_MS + AHEAD_MS + 2 * SIGNING_MS,
  async run({ stage, history, actor, traffic, expect, comesTo, excusing, striking }) {
    const [auth] = stage.instances;
    const administrator = await actor.logIn(auth, auth.service.administrator);
    if (administrator === undefined) throw new Error('the administrator could not log in');
    stage.keySet.cut();
    await sleep(PAUSE_MS);
    const kid = await rotate(stage, administrator.token);
    history.mark('rotated');
    // No verifier is excused: the new key comes with grants, before it signs.
    await striking('struck', stage.verifiers, async () => await sleep(AHEAD_MS + SIGNING_MS));
    for (const { name } of stage.verifiers) {
      const accepted = history.verifications.some(
        ({ at, token, verdict }) => at === name && token.kid === kid && verdict === 'accepted',
      );
      expect(`${name} took a token of the new key`, accepted);
    }
    // Until the next grant the key that signs instead is not known: 503, and never 401.
    await excusing(stage.verifiers, async () => {
      await kill(stage, administrator.token, kid);
      history.mark('killed');
      const { token } = await traffic.newSession();
      expect('another key signs', token.kid !== kid);
      for (const verifier of stage.verifiers) await comesTo(verifier, token, 'accepted');
    });
    await sleep(SIGNING_MS);
  },
};

async function rotate(stage: Stage, administrator: Token): Promise<string> {
  const answer = await askAdmin(stage, 'POST', '/v1/keys/rotate', administrator);
  return z.object({ kid: z.string() }).parse(answer).kid;
}

async function kill(stage: Stage, administrator: Token, kid: string): Promise<void> {
  await askAdmin(stage, 'DELETE', `/v1/keys/${kid}?wait=5000`, administrator);
}

async function askAdmin(
  stage: Stage,
  method: string,
  path: string,
  administrator: Token,
): Promise<unknown> {
  const admin = stage.verifiers.find(({ name }) => name === 'admin');
  if (admin === undefined) throw new Error('there is no admin service');
  const response = await fetch(`${admin.service.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${administrator.text}`, 'content-type': 'application/json' },
    ...(method === 'POST' ? { body: '{}' } : {}),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
  return await response.json();
}

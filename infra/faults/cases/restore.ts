import type { Fault, Scene } from '../fault.ts';
import { RESTART_MS } from '../lengths.ts';
import { takeBackup } from '../stage/backup.ts';
import { stealKey } from '../stage/stolen-key.ts';
import type { Session } from '../traffic/actor.ts';
import { setTimeout as sleep } from 'node:timers/promises';

/** Between the backup and the restore. Milliseconds. */
const BETWEEN_MS = 1_500;
/** For everything that was ended to be shown once more. Milliseconds. */
const STRUCK_MS = 1_500;
/** The command itself, which waits for S besides. */
const COMMAND_MS = 5_000;

export const restore: Fault = {
  name: 'restore',
  about:
    'the database goes back to a backup, twice, and the second time with an empty NATS; ' +
    'verifiers run on, one is restarted afterwards, and stolen keys sign',
  takes: ({ maxStalenessMs }) =>
    2 * (BETWEEN_MS + COMMAND_MS + 2 * maxStalenessMs + 2 * RESTART_MS) + RESTART_MS,
  async run(scene) {
    const { stage, expect } = scene;
    await using backup = await takeBackup(stage);
    const printed = await once(scene, () => backup.restore(async () => {}, 1));
    expect('NATS told what had happened', !printed.includes('NATS has lost'));
    // The same backup again: nothing that is left knows of the first restore, so the command is run once
    // more for it, as it says.
    const { accountStream, revocationStream } = stage.subjects;
    const lost = await once(scene, () => backup.restore(() => stage.nats.restartEmpty(), 2));
    expect(
      'it is said that it is run once more',
      lost.includes('run this once more for each time'),
    );
    for (const stream of [accountStream, revocationStream]) {
      expect(`it is said that ${stream} was lost`, lost.includes(`NATS has lost all of ${stream}`));
    }
  },
};

/** @returns what the command has said */
async function once(scene: Scene, restored: () => Promise<string>): Promise<string> {
  const { stage, history, actor, traffic, anInstance, aVerifier, comesTo, excusing, striking } =
    scene;
  await sleep(BETWEEN_MS);
  const loggedOut = await traffic.newSession();
  const living = await traffic.newSession();
  const stolen = await stealKey(stage, living.token);
  await comesTo(aVerifier(), loggedOut.token, 'accepted');
  traffic.ended(loggedOut.token);
  await actor.logOut(anInstance(), loggedOut.token);
  const asked = performance.now();
  const forged = history.addToken(stolen.forge(living.token), asked, asked);
  history.forged.add(forged);
  await comesTo(aVerifier(), forged, 'accepted');

  let since = Number.POSITIVE_INFINITY;
  let said = '';
  await excusing(stage.verifiers, async () => {
    said = await restored();
    since = performance.now();
    // All that was given out before has ended with it.
    for (const token of [forged, ...traffic.living]) traffic.ended(token);
    const { token } = await traffic.newSession();
    await Promise.all(stage.verifiers.map((one) => comesTo(one, token, 'accepted')));
  });
  const ended = [forged, loggedOut.token, living.token];
  await striking('struck', stage.verifiers, async () => {
    for (const verifier of stage.verifiers) {
      for (const token of ended) await comesTo(verifier, token, 'refused');
    }
    await sleep(STRUCK_MS);
  });
  await refreshesNothing(scene, [loggedOut, living]);

  const restarted = aVerifier();
  await excusing([restarted], async () => {
    await restarted.service.stop();
    await restarted.service.restart();
  });
  for (const token of ended) await comesTo(restarted, token, 'refused');
  const accepted = history.verifications.filter(
    ({ token, verdict, start }) => token === forged && verdict === 'accepted' && start > since,
  );
  scene.expect('nothing that the stolen key signs is accepted after it', accepted.length === 0);
  return said;
}

async function refreshesNothing(scene: Scene, sessions: readonly Session[]): Promise<void> {
  const { actor, anInstance, expect } = scene;
  for (const session of sessions) {
    const refreshed = await actor.refresh(anInstance(), session);
    expect(`${session.token.label} gets no other`, refreshed === undefined);
  }
}

/** Starts the system and the Prometheus that watches it, brings about each cause, and prints what came of it. */
import { freePort } from '@portcullis/testbed';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cause, Scene } from './causes/cause.ts';
import { Everyday } from './everyday.ts';
import { lookAtPanels } from './look-at-panels.ts';
import { startNodeExporter } from './node-exporter.ts';
import { Prometheus } from './prometheus.ts';
import { shorten, TIMES_SHORTER } from './shorten.ts';
import { Watch } from './watch.ts';
import { noteBackup } from '../backup/note-backup.ts';
import { ALERTS, textOf } from '../deployment/files.ts';
import { groupsOf } from '../deployment/rules.ts';
import { furnishedStage, removeQuietly } from '../faults/run-faults.ts';
import type { Stage } from '../faults/stage/stage.ts';

/** S, as it is unless configured: the rules are about that. Milliseconds. */
const MAX_STALENESS_MS = 5_000;
/** For jobs to be done the first time, and everybody to be connected. Milliseconds. */
const QUIET_WITHIN_MS = 90_000;
/** So long nothing may fire before anything is done. Milliseconds. */
const QUIET_MS = 20_000;
const FIRES_WITHIN_MS = 150_000;
/** The longest window that has to be over is of an hour. Milliseconds. */
const CLEARS_WITHIN_MS = 3_600_000 / TIMES_SHORTER + 120_000;

type Furnished = Awaited<ReturnType<typeof furnishedStage>>;

/**
 * @param programs the folder of Prometheus's programs
 * @returns whether all held
 */
export async function runAlerts(programs: string, causes: readonly Cause[]): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-alerts-'));
  const servicesFile = join(folder, 'services.json');
  await writeFile(servicesFile, '{}');
  const furnished = await furnishedStage(MAX_STALENESS_MS, {
    PORTCULLIS_SERVICES_FILE: servicesFile,
    // Addresses of users are made up, and limits are as they are unless configured.
    PORTCULLIS_TRUSTED_PROXIES: '127.0.0.1',
    PORTCULLIS_RATE_LIMIT_SCALE: '1',
    // Nothing listens there: no mail is sent.
    PORTCULLIS_SMTP_URL: `smtp://127.0.0.1:${await freePort()}`,
    PORTCULLIS_MAIL_FROM: 'no-reply@example.test',
  });
  try {
    const collected = join(folder, 'collected');
    await noteBackup(collected, ['auth', 'user'], new Date());
    return await watched(programs, furnished, { causes, servicesFile, collected });
  } finally {
    await removeQuietly(furnished.stage);
    await rm(folder, { recursive: true, force: true });
  }
}

async function watched(
  programs: string,
  { stage, accounts }: Furnished,
  { causes, ...files }: { causes: readonly Cause[] } & Pick<Scene, 'servicesFile' | 'collected'>,
): Promise<boolean> {
  const groups = shorten(groupsOf(textOf(ALERTS)));
  await using exporter = await startNodeExporter(programs, files.collected);
  const targets = [...targetsOf(stage), exporter.target];
  await using prometheus = await Prometheus.start({ programs, targets, groups });
  await using watch = new Watch(prometheus);
  await using _everyday = new Everyday(stage, accounts);
  const rules = groups.flatMap((group) => group.rules).length;
  console.log(
    `  ${rules} rules, their ranges, offsets and \`for\` ${TIMES_SHORTER} times shorter\n`,
  );
  const isQuiet = await quiet(prometheus, watch);
  const outcomes: Outcome[] = [];
  for (const cause of causes) {
    outcomes.push(...(await struck(watch, cause, { stage, accounts, ...files })));
  }
  const held = await printed(outcomes);
  return (await lookAtPanels(prometheus, targets)) && held && isQuiet;
}

/** Of one alert of one cause; seconds, undefined where it did not. */
interface Outcome {
  readonly alert: string;
  readonly cause: string;
  readonly fired: number | undefined;
  readonly cleared: Promise<number | undefined>;
}

async function printed(outcomes: readonly Outcome[]): Promise<boolean> {
  let held = true;
  const said = (seconds: number | undefined): string =>
    (seconds === undefined ? 'NOT' : `${seconds.toFixed(1)} s`).padEnd(10);
  console.log(`\n  ${'alert'.padEnd(34)}${'fired'.padEnd(10)}${'cleared'.padEnd(10)}cause`);
  for (const { alert, cause, fired, cleared } of outcomes) {
    const seconds = await cleared;
    held &&= fired !== undefined && seconds !== undefined;
    console.log(`  ${alert.padEnd(34)}${said(fired)}${said(seconds)}${cause}`);
  }
  return held;
}

const targetsOf = ({ instances, verifiers }: Stage): string[] =>
  [...instances, ...verifiers].map(({ service }) => `127.0.0.1:${service.port}`);

/** Nothing is wrong yet: every target is scraped, every rule is evaluated, and nothing fires. */
async function quiet(prometheus: Prometheus, watch: Watch): Promise<boolean> {
  const deadline = performance.now() + QUIET_WITHIN_MS;
  let since = performance.now();
  while (performance.now() - since < QUIET_MS) {
    if (watch.firing.size > 0) since = performance.now();
    if (performance.now() > deadline) break;
    await sleep(500);
  }
  const wrong = [
    ...[...watch.firing].map((alert) => `${alert} fires, and nothing was done`),
    ...(await prometheus.unscraped()).map((url) => `not scraped: ${url}`),
    ...(await prometheus.broken()),
  ];
  for (const line of wrong) console.log(`  ${line}`);
  return wrong.length === 0;
}

async function struck(
  watch: Watch,
  { name, alerts, strike }: Cause,
  scene: Omit<Scene, 'signal'>,
): Promise<Outcome[]> {
  // What an earlier cause has left would be taken for what this one does.
  await watch.until(alerts, false, CLEARS_WITHIN_MS);
  const ending = new AbortController();
  const failure = strike({ ...scene, signal: ending.signal }).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error : new Error('it failed')),
  );
  const fired = await watch.until(alerts, true, FIRES_WITHIN_MS);
  ending.abort();
  const error = await failure;
  const cleared = watch.until(alerts, false, CLEARS_WITHIN_MS);
  console.log(`  ${name}: ${fired.size} of ${alerts.length} fired`);
  if (error !== undefined) console.log(`      ${error.message}`);
  await scene.stage.heal();
  return alerts.map((alert) => ({
    alert,
    cause: name,
    fired: fired.get(alert),
    cleared: cleared.then((seconds) => seconds.get(alert)),
  }));
}

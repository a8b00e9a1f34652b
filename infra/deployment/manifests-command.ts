/**
 * `npm run manifests`: what deploys Portcullis, read by the programs that it is for. The chart by helm, with three sets
 * of values, and what helm makes of it by the types of Kubernetes and by the policy; files of compose by compose; the
 * configuration of three NATS servers by running them; dashboards and rules of alerts by promtool. With `--write` it
 * writes the dashboards and what helm makes of the chart, which `npm test` looks at.
 *
 * Ends with 1 for what is wrong, and with 3 where nothing is and a program cannot be had here.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkAlerts } from './check-alerts.ts';
import { checkChart } from './check-chart.ts';
import { checkCompose, exampleFile, settingsFor } from './check-compose.ts';
import { checkDashboards, writeDashboards } from './check-dashboards.ts';
import { checkNats } from './check-nats.ts';
import { VALUE_SETS } from './files.ts';
import { helmOf, obtainCompose, obtainNats, obtainPackages, obtainPromtool } from './tools.ts';
import { inSession, type Session } from '../lifetime/session.ts';
import { Unavailable } from '../matrix/unavailable.ts';
import { note, red, step } from '../steps.ts';
import { newTestFolder, ownFolder, removeAbandonedTestFolders } from '../system/test-folder.ts';
import type { Words } from '../usage/read-words.mjs';

const NOT_RUN = 3;

/** What one part has found. */
interface Part {
  readonly name: string;
  /** @returns lines of what is wrong, and what to say where nothing is */
  readonly check: (session: Session) => Promise<{ wrong: readonly string[]; held: string }>;
}

export async function main(words: Words): Promise<number> {
  await removeAbandonedTestFolders();
  return await inSession(newTestFolder(), 'npm run manifests', async (session) => {
    await ownFolder(session);
    const statuses: number[] = [];
    for (const part of partsOf(words.flag('write'))) statuses.push(await statusOf(part, session));
    return statuses.includes(1) ? 1 : Math.max(...statuses);
  });
}

function partsOf(write: boolean): readonly Part[] {
  return [
    {
      name: 'dashboards',
      check: async (session) => {
        if (write) writeDashboards();
        return checkDashboards(await obtainPromtool(session), session.dataFolder);
      },
    },
    {
      name: 'chart',
      check: async (session) => {
        const packages = await obtainPackages(session);
        const wrong = await checkChart(helmOf(packages), packages, write);
        return { wrong, held: `${VALUE_SETS.length} sets of values` };
      },
    },
    {
      name: 'compose',
      check: async (session) => {
        const settings = join(session.dataFolder, 'compose.env');
        const text = settingsFor(readFileSync(exampleFile, 'utf8'));
        writeFileSync(settings, text, { mode: 0o600 });
        return checkCompose(await obtainCompose(session), settings);
      },
    },
    {
      name: 'three nats',
      check: async (session) => {
        const folder = join(session.dataFolder, 'nats-cluster');
        mkdirSync(folder);
        return { wrong: [], held: await checkNats(await obtainNats(session), folder) };
      },
    },
    {
      name: 'alerts',
      check: async (session) => checkAlerts(await obtainPromtool(session)),
    },
  ];
}

async function statusOf({ name, check }: Part, session: Session): Promise<number> {
  try {
    const { wrong } = await step(
      name,
      () => check(session),
      (found) => (found.wrong.length === 0 ? found.held : red('refused')),
    );
    for (const line of wrong) note(line);
    return wrong.length === 0 ? 0 : 1;
  } catch (error) {
    if (session.signal.aborted) throw error;
    const isMissing = error instanceof Unavailable;
    note(isMissing ? `NOT RUN: ${error.message}` : red(String(error)));
    return isMissing ? NOT_RUN : 1;
  }
}

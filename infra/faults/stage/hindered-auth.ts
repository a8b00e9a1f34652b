/** A database that is up, and does not serve the instances of auth: all that they answer is 503. */
import type { Scene } from '../fault.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import postgres from 'postgres';
import { testServers } from '@portcullis/testbed';
import { isReady } from './stage.ts';

/** Statements for an administrator of the server. */
export interface Hindrance {
  change(database: string): string;
  back(database: string): string;
}

/** Verifiers are not excused for as long as they are fresh by the last grant. */
export async function hinderedAuth(scene: Scene, { change, back }: Hindrance): Promise<void> {
  const { stage, traffic, actor, history, lasting, maxStalenessMs, expect } = scene;
  const { instances, verifiers, bed } = stage;
  const database = new URL(bed.databaseUrls.auth).pathname.slice(1);
  const server = postgres(testServers().postgresUrl, { max: 1, onnotice: () => undefined });
  const endConnections = async (): Promise<void> => {
    await server`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = ${database} and application_name like 'portcullis-auth%'`;
  };
  const held = await traffic.newSession();
  // Enough that were ended before it: they have to stay so.
  for (const instance of instances) {
    await actor.logOut(instance, (await traffic.newSession(instance)).token);
  }
  try {
    await scene.excusing(verifiers, async () => {
      await server.unsafe(change(database));
      await endConnections();
      const from = performance.now();
      await sleep(maxStalenessMs / 2);
      for (const instance of instances) {
        expect(`${instance.name} is not ready`, !(await isReady(instance.service.url)));
        const { outcome, status } = await scene.actor.logOut(instance, held.token);
        expect(`${instance.name} answers a logout with 503, not ${status}`, status === 503);
        expect(`${instance.name} does not say that it logged out`, outcome !== 'ok');
      }
      await sleep(Math.max(0, lasting - (performance.now() - from)));
      const answers = [...history.issues, ...history.changes].filter(({ start }) => start > from);
      const wrong = answers.filter(({ status }) => status === 500);
      expect(`no answer is 500; there were ${wrong.length}`, wrong.length === 0);
      await server.unsafe(back(database));
      // Read-only connections that were made meanwhile are left: services have to drop them by themselves.
      await Promise.all(instances.map(async ({ service }) => await untilWritten(service.url)));
    });
    const { outcome } = await actor.logOut(instances[0], held.token);
    traffic.ended(held.token);
    expect('what could not be ended before is ended now', outcome === 'ok');
  } finally {
    await server.unsafe(back(database));
    await server.end();
  }
}

async function untilWritten(url: string): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!(await isReady(url)) && performance.now() < deadline) await sleep(50);
}

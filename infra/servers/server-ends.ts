/** What it means that a server which the launcher runs has ended by itself: nothing else would say so. */
import { join, relative } from 'node:path';
import type { Session } from '../lifetime/session.ts';
import type { RunningProcess } from '../lifetime/supervisor.ts';
import { ROOT } from '../paths.ts';
import { red } from '../steps.ts';
import { SERVERS, type ServerName } from '../system/server-name.ts';

export const TITLE: Readonly<Record<ServerName, string>> = {
  postgres: 'PostgreSQL',
  nats: 'NATS',
  redis: 'Redis',
};

/** Until it runs again. */
const MEANS: Readonly<Record<ServerName, string>> = {
  postgres:
    'logins, refreshes and logouts are answered 503, and after S (5 s) so is every call of a service.',
  nats:
    'services ask auth over HTTP. A logout takes effect within S (5 s) and not at once, its receipt may name ' +
    'services as pending, and events wait: a new account is unknown to the user service.',
  redis: 'auth counts limits by itself, and stricter. Mails and maintenance wait.',
};

/** @param again the command that starts it anew */
export function textOfEnd(
  name: ServerName,
  status: number,
  { log, again }: { log: string; again: string },
): string {
  return [
    red(`${TITLE[name]} has ended by itself, with exit status ${status}. Its log: ${log}`),
    `Until it runs again, ${MEANS[name]}`,
    `Fix: Ctrl-C here, then: ${again}`,
  ].join('\n');
}

/** Says so at once in the terminal of the command. Nothing else is ended: what needs the server comes back with it. */
export function tellServerEnds(
  { dataFolder, purpose, supervisor }: Session,
  servers: Readonly<Record<ServerName, { process?: RunningProcess }>>,
): void {
  for (const name of SERVERS) {
    void servers[name].process?.exited.then((status) => {
      if (supervisor.stopping) return;
      const log = relative(ROOT, join(dataFolder, 'logs', `${name}.log`));
      console.error(`\n${textOfEnd(name, status, { log, again: purpose })}`);
    });
  }
}

/** The report that an operator reads after a restore. */
import type { Restored } from './after-restore.ts';
import type { KeptEvents, KeptStream } from './kept-events.ts';
import type { Assessed } from './repeat.ts';

export interface ReportOptions {
  kept: KeptEvents | null;
  dryRun: boolean;
  apply: boolean;
}

/** Lost accounts are many where the backup is old: so many are named, and the rest counted. */
const MOST_REGISTRATIONS = 20;

export function restoreReport(restored: Restored, options: ReportOptions): string {
  const { epoch, killed, newKey, step } = restored;
  const { dryRun } = options;
  return [
    dryRun ? 'nothing was changed; this is what would be done' : 'done; auth may start',
    `  signing keys   ${killed.length} killed, ${newKey} signs`,
    `  sessions       ${restored.sessions} ended`,
    `  links          ${restored.links} void`,
    `  mails          ${restored.mails} that waited are not sent`,
    `  generations    ${step} added: the issuer has ${restored.generation}; ` +
      `${restored.users} users, ${restored.clients} clients`,
    `  epoch          ${epoch.to} instead of ${epoch.from}`,
    `  verifiers      ${restored.verifiers} registrations dropped; running ones start over by themselves`,
    '',
    ...laterLines(restored, options),
    ...lostLines(restored, options),
    ...(restored.hasAdministrator
      ? []
      : [
          '',
          'No administrator can log in here: "forgot" gives another password, create-admin.js another one.',
        ]),
  ].join('\n');
}

function laterLines({ newest, later }: Restored, { kept, apply, dryRun }: ReportOptions): string[] {
  if (kept === null) return [];
  const until = newest === null ? 'it is empty' : `its newest row is of ${newest.toISOString()}`;
  const shown = later.filter(({ what }) => what !== 'registered');
  const registered = later.filter(
    ({ what, disposition }) => what === 'registered' && disposition.todo !== 'already',
  );
  const named = registered.slice(0, MOST_REGISTRATIONS);
  const unnamed = registered.length - named.length;
  const open = shown.filter(({ disposition }) => disposition.todo === 'repeat').length;
  return [
    `What happened after the backup (${until}), by the event streams:` +
      (shown.length + registered.length === 0 ? ' nothing.' : ''),
    ...[...shown, ...named].map((event) => `  ${lineOf(event, apply && !dryRun)}`),
    ...(unnamed > 0 ? [`  and ${unnamed} more accounts that were registered, and are lost`] : []),
    ...(open > 0 && !apply ? [`Repeat ${open} of them: run this again with --apply.`] : []),
  ];
}

function lineOf(event: Assessed, applied: boolean): string {
  const { what, at, by, disposition } = event;
  const whom =
    'user' in event
      ? event.user
      : 'client' in event
        ? event.client
        : 'key' in event
          ? event.key
          : 'the issuer';
  const detail = event.what === 'roles-changed' ? ` to ${event.roles.join(', ') || 'none'}` : '';
  return [
    new Date(at).toISOString(),
    `${what}${detail}`.padEnd(20),
    whom,
    `by ${by}:`,
    outcomeOf(disposition, applied) + (applied ? afterwards(event) : ''),
  ].join(' ');
}

function outcomeOf(disposition: Assessed['disposition'], applied: boolean): string {
  switch (disposition.todo) {
    case 'already':
      return 'nothing to repeat';
    case 'by-hand':
      return `by hand: ${disposition.why}`;
    case 'repeat':
      return applied ? 'repeated' : 'can be repeated';
  }
}

function afterwards({ what, disposition }: Assessed): string {
  if (disposition.todo !== 'repeat') return '';
  if (what === 'client-proof-ended') return '; give it its secret or keys (ensure-client.js)';
  if (what === 'password-changed')
    return '; its former password is out of use, "forgot" gives another';
  return '';
}

/** What NATS does not have, and what to look at instead. */
function lostLines({ newest }: Restored, { kept }: ReportOptions): string[] {
  const lost = kept === null ? [] : [kept.accounts, kept.revocations].filter(lostSince(newest));
  const unreadable = kept === null ? 0 : kept.accounts.unreadable + kept.revocations.unreadable;
  if (kept !== null && lost.length === 0 && unreadable === 0) return [];
  const why =
    kept === null
      ? ['NATS could not be asked what happened after the backup.']
      : [
          ...lost.map(({ stream, since }) => `NATS has lost ${tellOf(stream, since)}.`),
          ...(unreadable > 0
            ? [`${unreadable} events are of a version that is not known here.`]
            : []),
        ];
  return ['', ...why, ...CHECKS];
}

const lostSince =
  (newest: Date | null) =>
  ({ since }: KeptStream<unknown>): boolean =>
    newest !== null && (since === null || since > newest);

function tellOf(stream: string, since: Date | null): string {
  return since === null ? `all of ${stream}` : `what ${stream} held before ${since.toISOString()}`;
}

const CHECKS = [
  'So compare with what you know from elsewhere (tickets, the logs of auth and admin, the profiles of',
  'other services), and do again by hand what was done after the backup:',
  '  accounts that were disabled, deleted, or given other roles or another address',
  '  passwords that were changed: the ones before work again',
  '  machine clients that were disabled, or whose secret or keys were replaced',
  '  accounts that were registered: they are gone here, and other services may know them',
  'If this very backup was restored before, run this once more for each time.',
];

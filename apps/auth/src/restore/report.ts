/** What an operator is told after a restore. */
import type { Restored } from './after-restore.ts';

export function restoreReport(restored: Restored, dryRun: boolean): string {
  const { epoch, killed, newKey, step } = restored;
  return [
    dryRun ? 'nothing was changed; this is what would be done' : 'done; auth may start',
    `  signing keys   ${killed.length} killed, ${newKey} signs`,
    `  sessions       ${restored.sessions} ended`,
    `  links          ${restored.links} void`,
    `  mails          ${restored.mails} that waited are not sent`,
    `  generations    ${step} added: the issuer has ${restored.generation}, ` +
      `${restored.users} users, ${restored.clients} clients`,
    `  epoch          ${epoch.to} instead of ${epoch.from}`,
    `  verifiers      ${restored.verifiers} registrations dropped; running ones start over by themselves`,
  ].join('\n');
}

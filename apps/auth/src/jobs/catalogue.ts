/**
 * The jobs that there are. An entry is all that a job of maintenance needs: its schedule, lock, log lines
 * and metrics follow from it.
 *
 * What a job carries is never a secret, an address or a name, and decides nothing: whether there is
 * something to do is asked in Postgres, under a lock (run-job.ts, mail/handover.ts). So who can write
 * Redis can have auth look, and no more.
 *
 * These loops stay in the process, and are no jobs:
 *
 * - publishing and numbering revocations, every second: revoking must not need Redis;
 * - discounting verifiers that are silent, every half second: measured by this instance's own clock;
 * - publishing account events, every second: from Postgres to NATS, without Redis;
 * - following the log for snapshots, every two seconds: into the memory of this instance;
 * - chaining the audit trail, every second: until then only a trigger protects the rows;
 * - reading the signing keys, every five seconds: into the memory of this instance;
 * - restoring streams and consumers of NATS, every ten seconds: of this instance's connection;
 * - looking after the schedules themselves (schedules.ts), every two seconds: Redis may have lost them.
 */
import { mailId } from '@portcullis/contracts/schemas';
import * as z from 'zod';
import { pruneMails } from '../mail/waiting-mails.ts';
import { pruneRevocationLog } from '../revocation/prune-revocation-log.ts';
import { forgetSessions } from '../session/forget-sessions.ts';
import type { ScheduledJob } from './scheduled-job.ts';

const NOTHING = z.strictObject({});
const more = (isMore: boolean) => (isMore ? 'more' : 'done');

/** One for each mail that waits; how often it is tried stands in mail-jobs.ts. */
export const MAIL_JOB = {
  name: 'send-mail',
  schema: z.strictObject({ mail: mailId }),
  whileRedisIsAway: 'mails wait in Postgres, and are sent once Redis is available again',
} as const;

export const SCHEDULED_JOBS = {
  'sweep-mails': {
    schema: NOTHING,
    periodSeconds: 5,
    timeoutSeconds: 60,
    whileRedisIsAway: 'mails wait in Postgres, and are found once Redis is available again',
    async step(tx, { putMissingMails }) {
      await putMissingMails(tx);
      return 'done';
    },
  },
  'prune-mails': {
    schema: NOTHING,
    periodSeconds: 3_600,
    timeoutSeconds: 300,
    whileRedisIsAway: 'outcomes of mails, and links, are kept for longer than 30 days',
    step: async (tx) => more(await pruneMails(tx)),
  },
  'prune-revocation-log': {
    schema: NOTHING,
    periodSeconds: 60,
    timeoutSeconds: 300,
    whileRedisIsAway: 'the log keeps revocations whose tokens have expired, and grows',
    step: async (tx) => more(await pruneRevocationLog(tx)),
  },
  'rotate-key': {
    schema: NOTHING,
    periodSeconds: 60,
    timeoutSeconds: 60,
    whileRedisIsAway:
      'the signing key signs for longer; a start of auth rotates it, and so does an operator',
    async step(_tx, { rotateKeyWhenDue }) {
      await rotateKeyWhenDue();
      return 'done';
    },
  },
  'forget-sessions': {
    schema: NOTHING,
    periodSeconds: 60,
    timeoutSeconds: 300,
    whileRedisIsAway:
      'sessions are kept for longer than 30 days after their end, and expired challenges of logins',
    step: async (tx) => more(await forgetSessions(tx)),
  },
} as const satisfies Readonly<Record<string, ScheduledJob>>;

/** What users, attackers and operators do. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { until, type Cause } from './cause.ts';
import { logIn, post } from '../everyday.ts';
import { noteBackup } from '../../backup/note-backup.ts';

const TWO_DAYS_MS = 2 * 86_400_000;
const LOGINS_AT_ONCE = 60;
/** As many wrong passwords for one account as are no attack yet, and one more. */
const GUESSES = 35;
const REFUSED_MS = 100;
/** Who register one after the other, and the pause of each. None of the mails can be sent. Milliseconds. */
const REGISTERING = 3;
const REGISTERING_MS = 400;

export const OF_AUTH: readonly Cause[] = [
  {
    name: 'many addresses guess one password',
    alerts: ['PortcullisAttack'],
    async strike({ stage, accounts, signal }) {
      const email = accounts.at(-1)?.email;
      for (let n = 0; n < GUESSES; n += 1) {
        await post(`${stage.balancer.url}/v1/login`, { email, password: 'a wrong password' });
      }
      await until(signal);
    },
  },
  {
    name: 'the file of services is not valid',
    alerts: ['PortcullisFileUnusable'],
    async strike({ servicesFile, signal }) {
      await writeFile(servicesFile, '{ "orders": ');
      await until(signal);
      await writeFile(servicesFile, '{}');
    },
  },
  {
    name: 'many log in at one auth at once',
    alerts: ['PortcullisLoginsWait'],
    async strike({ stage, accounts, signal }) {
      const [{ service }] = stage.instances;
      const logins = Array.from({ length: LOGINS_AT_ONCE }, async (_, n) => {
        const account = accounts[n % accounts.length];
        while (!signal.aborted && account !== undefined) {
          // Beyond a bound it is refused at once.
          if ((await logIn(service.url, account)) === undefined) await sleep(REFUSED_MS);
        }
      });
      await Promise.all(logins);
    },
  },
  {
    name: 'the mail server is unavailable',
    alerts: ['PortcullisMailsWait'],
    async strike({ stage, signal }) {
      const loops = Array.from({ length: REGISTERING }, async () => {
        while (!signal.aborted) {
          const email = `${randomBytes(8).toString('hex')}@example.test`;
          const password = randomBytes(18).toString('base64url');
          await post(`${stage.balancer.url}/v1/register`, { email, password, name: 'Ada' });
          await sleep(REGISTERING_MS);
        }
      });
      await Promise.all(loops);
    },
  },
  {
    name: 'the last backup is of two days ago',
    alerts: ['PortcullisBackupOld'],
    async strike({ collected, signal }) {
      await noteBackup(collected, ['user'], new Date(Date.now() - TWO_DAYS_MS));
      await until(signal);
      await noteBackup(collected, ['user'], new Date());
    },
  },
];

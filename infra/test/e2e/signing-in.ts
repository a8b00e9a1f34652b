/** What tests of the pages of auth need: an application, and a user with an authenticator app, made over HTTP. */
import { nodeWords, run, type AuthProcess } from '@portcullis/testbed';
import { createHmac } from 'node:crypto';
import postgres from 'postgres';
import { z } from 'zod';
import { logIn, post, register, type Account } from './calls.ts';

export async function ensureApplication(
  auth: Pick<AuthProcess, 'env'>,
  { id, name, redirect }: { id: string; name: string; redirect: string },
): Promise<void> {
  await run({
    name: 'ensure-application',
    command: process.execPath,
    args: [
      ...nodeWords('apps/auth/src/commands/ensure-application.ts'),
      ...[`--id=${id}`, `--name=${name}`, `--redirect-uri=${redirect}`],
    ],
    env: { NODE_ENV: 'test', ...auth.env },
  });
}

export interface TwoStepAccount extends Account {
  /** In base32. */
  secret: string;
  recoveryCodes: string[];
}

const begun = z.object({ secret: z.string() });
const confirmed = z.object({ recovery_codes: z.array(z.string()).min(2) });

/** The app is confirmed by the code of the present step; a login takes that of the next (`ahead` 1). */
export async function registerWithApp(auth: AuthProcess): Promise<TwoStepAccount> {
  const account = await register(auth.url);
  await using database = connect(auth.env['DATABASE_URL'] ?? '');
  await database.sql`
    update users set email_verified_at = clock_timestamp() where email_key = ${account.email}`;
  const { access_token: token } = await logIn(auth.url, account);
  const enrolment = await post(`${auth.url}/v1/factors/totp`, {}, token);
  const { secret } = begun.parse(await enrolment.json());
  const code = { code: oneTimeCode(secret) };
  const confirmation = await post(`${auth.url}/v1/factors/totp/confirm?wait=0`, code, token);
  const { recovery_codes: recoveryCodes } = confirmed.parse(await confirmation.json());
  return { ...account, secret, recoveryCodes };
}

function connect(url: string) {
  const sql = postgres(url, { max: 1 });
  return { sql, [Symbol.asyncDispose]: async () => await sql.end() };
}

const STEP_S = 30;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/**
 * RFC 6238 with SHA-1 and six digits, as an app on a phone does it; written apart from auth's own.
 *
 * @param secret in base32
 * @param ahead steps from the present one
 */
export function oneTimeCode(secret: string, ahead = 0): string {
  const bits = Array.from(secret, (one) => BASE32.indexOf(one).toString(2).padStart(5, '0')).join(
    '',
  );
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 1_000 / STEP_S) + ahead));
  const hash = createHmac('sha1', key).update(counter).digest();
  const at = (hash.at(-1) ?? 0) & 15;
  return ((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).toString().padStart(6, '0');
}

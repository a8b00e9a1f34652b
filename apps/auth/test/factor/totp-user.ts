/** Users with an authenticator app, whose codes the tests make themselves. */
import { decodeBase32 } from '../../src/factor/base32.ts';
import { codeAt, stepAt } from '../../src/factor/one-time-code.ts';
import { PASSWORD, type Answer, type AuthInstance, type AuthSystem } from '../auth-system.ts';
import { proceed } from '../login/code-factor.ts';

/**
 * The code of the present step, or of one after it. Not of one before: a step may end while a request is under way,
 * and auth takes the code of the step before then.
 */
export const codeOf = (secret: Buffer, ahead: 0 | 1 = 0): string =>
  codeAt(secret, stepAt(Date.now() / 1_000) + ahead);

export interface TotpUser {
  email: string;
  id: string;
  /** The session that has enrolled the app. */
  before: { access_token: string; refresh_token: string; session_id: string };
  secret: Buffer;
  recoveryCodes: string[];
}

/** A user whose address is verified, and who has logged in. */
export async function verified(bound: Bound): Promise<Omit<TotpUser, 'secret' | 'recoveryCodes'>> {
  const { auth, sql } = bound;
  const before = await auth.newcomer();
  const { email } = before;
  await sql`update users set email_verified_at = clock_timestamp() where email_key = ${email}`;
  return { email, id: await bound.idOf(email), before };
}

export const enrol = async (
  auth: AuthInstance,
  token: string,
  body: object = {},
): Promise<Answer> => await auth.call('POST', '/v1/factors/totp', { token, body });

export const confirm = async (auth: AuthInstance, token: string, code: string): Promise<Answer> =>
  await auth.call('POST', '/v1/factors/totp/confirm?wait=0', { token, body: { code } });

/** Confirmed by the code of the present step; a login takes that of the next. */
export async function enrolled(bound: Bound): Promise<TotpUser> {
  const user = await verified(bound);
  const token = user.before.access_token;
  const begun = await enrol(bound.auth, token);
  const secret = decodeBase32(begun.body.secret);
  if (secret === null) throw new Error(`no secret: ${begun.status}`);
  const confirmed = await confirm(bound.auth, token, codeOf(secret));
  if (confirmed.status !== 200) throw new Error(`not enrolled: ${confirmed.body.code}`);
  return { ...user, secret, recoveryCodes: confirmed.body.recovery_codes };
}

export async function challengeOf(
  auth: AuthInstance,
  email: string,
  password = PASSWORD,
): Promise<string> {
  const { body } = await auth.call('POST', '/v1/login', { body: { email, password } });
  return body.challenge.token;
}

/** A whole login. */
export async function logInBy(
  auth: AuthInstance,
  { email }: Pick<TotpUser, 'email'>,
  method: 'totp' | 'recovery-code',
  answer: string,
): Promise<Answer> {
  return await proceed(auth, { challenge: await challengeOf(auth, email), method, answer });
}

export type Bound = Pick<AuthSystem, 'auth' | 'sql' | 'idOf'>;

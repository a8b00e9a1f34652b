/** The check of before: jsonwebtoken, and a deny list in Redis, which has the `jti` of each token that was logged out. */
import { Redis } from 'ioredis';
import jwt from 'jsonwebtoken';

const secret = process.env['OLD_SECRET'] ?? '';
const redis = new Redis(process.env['REDIS_URL'] ?? 'redis://localhost:6379', {
  maxRetriesPerRequest: 1,
  commandTimeout: 1_000,
});
redis.on('error', () => {}); // each call that fails says so itself

export interface OldClaims {
  sub: string;
  jti: string;
  exp: number;
}

/** Whether this is for the check of before at all; whether it holds is what `verifyOld` says. */
export function isOld(token: string): boolean {
  return jwt.decode(token, { complete: true })?.header.alg === 'HS256';
}

/**
 * @param issuedUntil seconds since the epoch: what claims to have been issued later is none of these
 * @returns undefined for a token that does not hold
 * @throws Error while Redis does not answer: then nothing is known of a logout
 */
export async function verifyOld(
  token: string,
  issuedUntil: number,
): Promise<OldClaims | undefined> {
  const claims = claimsOf(token);
  if (claims === undefined || claims.iat > issuedUntil) return undefined;
  return (await redis.exists(`deny:${claims.jti}`)) === 0 ? claims : undefined;
}

/** What its logout has always done: the entry goes when the token would have expired. */
export async function denyOld({ jti, exp }: OldClaims): Promise<void> {
  await redis.set(`deny:${jti}`, '1', 'EXAT', exp);
}

function claimsOf(token: string): (OldClaims & { iat: number }) | undefined {
  try {
    const claims = jwt.verify(token, secret, { algorithms: ['HS256'] });
    if (typeof claims === 'string') return undefined;
    const { sub, jti, exp, iat } = claims;
    const isWhole = sub !== undefined && jti !== undefined && exp !== undefined;
    return isWhole && iat !== undefined ? { sub, jti, exp, iat } : undefined;
  } catch {
    return undefined;
  }
}

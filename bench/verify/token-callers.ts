/** Users with an access token, and one with the signature of another. */
import type { TestIssuer } from '@portcullis/testkit';
import { decodeJwt } from 'jose';
import { bearer, type Caller } from './guards.ts';

export async function callersOf(issuer: TestIssuer, count: number): Promise<Caller[]> {
  const tokens = await Promise.all(Array.from({ length: count }, () => issuer.mint()));
  return tokens.map((token) => ({ subject: decodeJwt(token).sub ?? '', headers: bearer(token) }));
}

export async function forgedBy(issuer: TestIssuer): Promise<Readonly<Record<string, string>>> {
  const [good, other] = [await issuer.mint(), await issuer.mint()];
  return bearer(`${good.slice(0, good.lastIndexOf('.'))}${other.slice(other.lastIndexOf('.'))}`);
}

/** Takes the tokens of Portcullis, and those of before until the last of them has expired. */
import { Refusal } from '@portcullis/verify';
import { protect } from '@portcullis/verify/express';
import type { NextFunction, Request, Response } from 'express';
import { denyOld, isOld, verifyOld, type OldClaims } from './old-tokens.js';
import { verifier } from './verifier.js';

/** When the old login was switched off, in seconds since the epoch. */
const switchedOffAt = Number(process.env['SWITCHED_OFF_AT'] ?? 0);
const signedIn = protect(verifier);
const oldCallers = new WeakMap<Request, OldClaims>();

export async function either(
  request: Request,
  response: Response,
  next: NextFunction,
): Promise<void> {
  const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
  if (!isOld(token)) return void signedIn(request, response, next);
  // While Redis does not answer, who has logged out is unknown, and unknown is never signed in.
  const claims = await verifyOld(token, switchedOffAt).catch(unavailable);
  if (claims === undefined) throw new Refusal('invalid_token');
  oldCallers.set(request, claims);
  next();
}

/** Whose request it is. Users have other ids in Portcullis: what you keep by the old ones needs both. */
export const userOf = (request: Request): string =>
  oldCallers.get(request)?.sub ?? signedIn.callerOf(request).sub;

/** The logout of an old token. @returns false for one of Portcullis */
export async function logOutOld(request: Request): Promise<boolean> {
  const claims = oldCallers.get(request);
  if (claims === undefined) return false;
  await denyOld(claims).catch(unavailable);
  return true;
}

/** The logout of a token of Portcullis, passed on. A client of Portcullis calls auth itself. */
export async function logOutAtAuth({ headers }: Request): Promise<globalThis.Response> {
  const { authorization = '' } = headers;
  const address = `${process.env['PORTCULLIS_ISSUER']}/v1/logout`;
  return await fetch(address, { method: 'POST', headers: { authorization } }).catch(unavailable);
}

function unavailable(cause: unknown): never {
  throw new Refusal('unavailable', { cause });
}

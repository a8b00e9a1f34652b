/**
 * The id under which one request is found again: in the body and the headers of what is answered, and in the logs of
 * the services that it has come through.
 */
import { randomBytes } from 'node:crypto';
import { identityOf, sentValues, type RequestLike } from '../wire/request.ts';

/** Of the caller; it stands in logs and answers. */
const SENT = /^[A-Za-z0-9_.-]{8,64}$/;
/** Of the app around a guard, which may have taken it from the caller: it has to be fit for a header. */
const GIVEN = /^[\x21-\x7e]{1,128}$/;

const made = new WeakMap<object, string>();

/**
 * What the app calls the request, by what it gives or by `id` of the request, as fastify has it; else the caller's own
 * `x-request-id`, where it has 8 to 64 letters, digits and `_.-`; else a new one, which is the same however often it
 * is asked for.
 *
 * @param request the very object that stands for the request
 * @param given counts where it has 1 to 128 printable characters
 */
export function requestIdOf(request: RequestLike, given?: unknown): string {
  for (const id of [given, request.id]) if (typeof id === 'string' && GIVEN.test(id)) return id;
  const identity = identityOf(request);
  const id = made.get(identity) ?? sentRequestId(request) ?? newRequestId();
  made.set(identity, id);
  return id;
}

/** @returns undefined for none, for several, and for one that is not well-formed */
export function sentRequestId(request: RequestLike): string | undefined {
  const sent = sentValues(request, 'x-request-id');
  return typeof sent === 'string' && SENT.test(sent) ? sent : undefined;
}

export function newRequestId(): string {
  return `req_${randomBytes(12).toString('base64url')}`;
}

/**
 * Closes WebSockets when the token that opened them holds no longer, with a code that says whether
 * to come back (`CLOSE_CODES`, docs/events.md).
 */
import { closeCodeOf, demandOption, Refusal } from '@portcullis/contracts';
import type { AccessTokenClaims } from '@portcullis/contracts';
import type { Guard, RequestLike, WatchedCaller } from '../guard/index.ts';
import { loadWatchers } from '../revocation/load-watchers.ts';

// With this entry, not with the first socket.
void loadWatchers().catch(() => undefined);

export { CLOSE_CODES, FINAL_CLOSE_CODES, type CloseReason } from '@portcullis/contracts';

/** Milliseconds for the peer to answer the close, after which the connection is broken off. */
const CLOSE_TIMEOUT_MS = 1_000;
/** `readyState` of a socket that is closed. */
const CLOSED = 3;

/** A socket of the package `ws`, or any other with the methods of the platform's WebSocket. */
export interface ClosableSocket {
  readonly readyState: number;
  close(code: number, reason: string): void;
  addEventListener(type: 'close', listener: () => void): void;
  removeEventListener(type: 'close', listener: () => void): void;
  /** Breaks the connection off, where the socket can. */
  terminate?(): void;
  /** Holds back what the peer sends until `resume`, where the socket can. */
  pause?(): void;
  resume?(): void;
}

/** What a socket was opened with. It is let go of when the socket closes; no disposal is needed. */
export interface WatchedSocket<C extends AccessTokenClaims> {
  claims: C;
  /** Fires in the same turn as the revocation, before the close is on its way. */
  signal: AbortSignal;
}

/**
 * Checks the token of a socket's opening request and ties the socket to it.
 *
 * When the token ends, the socket is closed with the code of the reason, in the same turn. A peer
 * that does not answer the close within a second is cut off, so that it cannot go on sending; until
 * then what it sends is still delivered: look at `signal` before acting on a message.
 *
 * @param guard made once, for all sockets: `createGuard(verifier, options)` of `@portcullis/verify/guard`. In
 *   cookie mode it demands that the page is one's own, since no CORS keeps others from opening a socket. One
 *   that demands nonces of proofs has no answer here to give them with: check the request before the upgrade
 * @param request the opening request, as the server has it; or what stands for one where the token came
 *   otherwise: `{ headers: { authorization: `Bearer ${token}` } }`
 * @returns the claims, or undefined when the token was refused: the socket is closed already then
 * @throws TypeError for a guard that demands nonces, or that cannot watch; the socket is closed then, too
 * @example
 * server.on('connection', async (socket, request) => {
 *   const held = await closeOnRevocation(socket, guard, request);
 *   if (held === undefined) return;
 *   socket.on('message', (data) => { if (!held.signal.aborted) answer(held.claims.sub, data); });
 * });
 */
export async function closeOnRevocation<C extends AccessTokenClaims>(
  socket: ClosableSocket,
  guard: Pick<Guard<C>, 'watch'> & Partial<Pick<Guard, 'demandsNonces'>>,
  request: RequestLike,
): Promise<WatchedSocket<C> | undefined> {
  const fits = typeof guard.watch === 'function' && guard.demandsNonces !== true;
  if (!fits) closeWith(socket, undefined);
  demandOption(fits, 'closeOnRevocation', 'its guard', 'one that watches, without nonces');
  let watched: WatchedCaller<C>;
  // The caller listens after the check: what is sent until then waits, and is not lost.
  socket.pause?.();
  try {
    watched = await guard.watch(request);
  } catch (error) {
    closeWith(socket, error);
    return undefined;
  } finally {
    // Flows after the caller's own turn, in which it attaches its listener.
    socket.resume?.();
  }
  const { caller: claims, signal } = watched;
  const cut = () => closeWith(socket, signal.reason);
  const letGo = () => {
    signal.removeEventListener('abort', cut);
    watched[Symbol.dispose]();
  };
  socket.addEventListener('close', letGo);
  signal.addEventListener('abort', cut, { once: true });
  // Revoked since it was admitted: the event has been.
  if (signal.aborted) cut();
  // Closed while the token was checked: the event has been.
  if (socket.readyState === CLOSED) letGo();
  return { claims, signal };
}

/**
 * Closes a socket with the code of a refusal. Every other error is `unavailable`: a fault of ours is
 * never reported as "your session is over".
 */
export function closeWith(socket: ClosableSocket, reason: unknown): void {
  if (socket.readyState === CLOSED) return;
  const code = reason instanceof Refusal ? reason.code : 'unavailable';
  socket.close(closeCodeOf(code), code);
  if (socket.terminate === undefined) return;
  const timer = setTimeout(() => socket.terminate?.(), CLOSE_TIMEOUT_MS);
  socket.addEventListener('close', () => clearTimeout(timer));
}

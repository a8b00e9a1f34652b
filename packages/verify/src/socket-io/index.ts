/**
 * Protects namespaces of Socket.IO 4: a handshake is let in by its token, and its connection ends with that.
 *
 * Invariant: a socket that was let in is watched, from before its check until it has ended. When its token ends,
 * nothing that it sends is delivered any more; from the next turn on nothing that is sent to it leaves.
 */
import {
  demandOption,
  type AccessTokenClaims,
  type ClaimsOf,
  type ErrorCode,
} from '@portcullis/contracts';
import {
  createGuard,
  openingRequest,
  Refusal,
  type Guard,
  type GuardOptions,
  type RefusalAnswer,
  type RequestGuard,
  type RequestLike,
  type RequirementBy,
  type TokenCheck,
} from '../guard/index.ts';
import { HeldByConnections } from './held.ts';
import type { SocketIoSocketLike } from './socket-like.ts';
import { loadWatchers } from '../revocation/load-watchers.ts';

// With this entry, not with the first socket.
void loadWatchers().catch(() => undefined);

export type { SocketIoSocketLike } from './socket-like.ts';

/** The event that a client gets, with a `SocketRefusal`, before its socket is disconnected. */
export const REFUSED = 'portcullis:refused';

/** What a request over HTTP would have been answered, and its code apart. */
export interface SocketRefusal extends RefusalAnswer {
  code: ErrorCode;
}

type Next = (error?: Error & { data?: unknown }) => void;
type Pass<Result> = (socket: SocketIoSocketLike, next: Next) => Result;

export interface SocketIoGuard<C extends AccessTokenClaims> {
  (socket: SocketIoSocketLike, next: Next): void;
  /** @throws Error for a socket that this guard has not let in */
  callerOf(socket: SocketIoSocketLike): C;
}

/**
 * A middleware for namespaces; those without it are open to all. The token is `auth.token` of the handshake, or in its
 * `Authorization` header, or in the cookie of cookie mode, which counts from one's own pages alone.
 *
 * A handshake that is refused gets `connect_error`, whose `data` is a `SocketRefusal`. When the token of a socket ends,
 * the client gets `REFUSED` with one, and is disconnected; its connection is closed, and other namespaces on
 * it connect again by themselves. On a server with `connectionStateRecovery` every handshake is refused, with 500: it
 * sends what a client has missed before any middleware has looked at its token.
 *
 * @throws TypeError that names the option that cannot be meant: nonces too, which no handshake is answered with, and a
 *   verifier that watches nothing
 * @example
 * const signedIn = protect(verifier);
 * io.use(signedIn).on('connection', (socket) => {
 *   socket.on('order', (item) => order(signedIn.callerOf(socket).sub, item));
 * });
 */
export function protect<V extends TokenCheck, const R extends RequirementBy<V> | 'user' = 'user'>(
  verifier: V,
  options: GuardOptions<R> = {},
): SocketIoGuard<ClaimsOf<R>> {
  const guard: RequestGuard<ClaimsOf<R>> = createGuard<V, R>(verifier, options);
  demandOption(watches(guard), 'guard', 'its verifier', 'one that watches');
  demandOption(
    !guard.demandsNonces,
    'guard',
    'nonces',
    'left out: no handshake is answered with one',
  );
  const callers = new WeakMap<SocketIoSocketLike, ClaimsOf<R>>();
  const held = new HeldByConnections();

  const admit = async (socket: SocketIoSocketLike, request: RequestLike): Promise<void> => {
    demandNoRecovery(socket);
    const watched = await guard.watch(request);
    held.hold(socket, watched);
    const { caller, signal } = watched;
    signal.throwIfAborted();
    signal.addEventListener('abort', () => end(socket, refusalBy(guard, signal.reason, request)));
    callers.set(socket, caller);
  };
  const pass: Pass<Promise<void>> = async (socket, next) => {
    const request = openingRequest(socket.request, socket.handshake.auth?.['token']);
    try {
      await admit(socket, request);
    } catch (error) {
      const data = refusalBy(guard, error, request);
      return next(Object.assign(new Error(data.body.message), { data }));
    }
    next();
  };
  const middleware: Pass<void> = (socket, next) => void pass(socket, next);
  return Object.assign(middleware, {
    callerOf(socket: SocketIoSocketLike): ClaimsOf<R> {
      const caller = callers.get(socket);
      if (caller === undefined) throw new Error('this socket was not let in by this guard');
      return caller;
    },
  });
}

function watches<C extends AccessTokenClaims>(guard: RequestGuard<C>): guard is Guard<C> {
  return 'watch' in guard;
}

/** @throws TypeError, which has the handshake refused as a defect */
function demandNoRecovery({ nsp }: SocketIoSocketLike): void {
  const { connectionStateRecovery } = nsp.server._opts;
  const expected = 'left out: what was missed is sent before any token has been looked at';
  demandOption(
    !connectionStateRecovery,
    'guard',
    'connectionStateRecovery of its server',
    expected,
  );
}

function refusalBy(guard: RequestGuard, error: unknown, request: RequestLike): SocketRefusal {
  const refusal = error instanceof Refusal ? error : new Refusal('internal', { cause: error });
  // oxlint-disable-next-line no-console -- there is no logger here, and a defect has to be seen
  if (refusal !== error) console.error(error);
  return { code: refusal.code, ...guard.answerOf(refusal, request) };
}

function end(socket: SocketIoSocketLike, refusal: SocketRefusal): void {
  try {
    if (socket.connected) socket.emit(REFUSED, refusal);
    socket.disconnect();
  } finally {
    // What one holds of a socket could go on sending by it, and one that is not connected yet would be. The others of
    // this connection whose token it is are told before.
    queueMicrotask(() => socket.conn.close());
  }
}

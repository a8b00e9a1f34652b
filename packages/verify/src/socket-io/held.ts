/**
 * What the sockets of a connection hold.
 *
 * Invariant: each is let go of when its socket disconnects, or else when its connection closes: of a socket that a
 * later middleware has refused there is no other word. So one connection may hold only so many.
 */
import { Refusal } from '../guard/index.ts';
import type { SocketIoSocketLike } from './socket-like.ts';

/** Sockets of one connection, behind one guard. */
const MOST = 100;

export class HeldByConnections {
  readonly #all = new WeakMap<object, Set<Disposable>>();

  /**
   * @throws Refusal `rate_limited` for one too many, `unavailable` where the connection has ended meanwhile; it is let
   *   go of then
   */
  hold(socket: SocketIoSocketLike, held: Disposable): void {
    const ofConnection = this.#of(socket.conn);
    const isFull = ofConnection.size >= MOST;
    if (isFull || socket.conn.readyState !== 'open') {
      held[Symbol.dispose]();
      throw new Refusal(isFull ? 'rate_limited' : 'unavailable');
    }
    ofConnection.add(held);
    socket.once('disconnect', () => {
      ofConnection.delete(held);
      held[Symbol.dispose]();
    });
  }

  #of(connection: SocketIoSocketLike['conn']): Set<Disposable> {
    const known = this.#all.get(connection);
    if (known !== undefined) return known;
    const made = new Set<Disposable>();
    this.#all.set(connection, made);
    connection.once('close', () => {
      for (const held of made) held[Symbol.dispose]();
    });
    return made;
  }
}

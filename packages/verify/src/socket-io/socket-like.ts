import type { NodeRequestLike } from '../guard/index.ts';

/** The part of a `Socket` of Socket.IO that is looked at. */
export interface SocketIoSocketLike {
  readonly connected: boolean;
  /** What a client sends as `auth`: null too, by parsers of before 4.2.3. */
  readonly handshake: { readonly auth: Readonly<Record<string, unknown>> | null };
  readonly request: NodeRequestLike;
  /** The connection, which has the sockets of all namespaces. */
  readonly conn: {
    readonly readyState: string;
    close(): unknown;
    once(event: 'close', listener: () => void): unknown;
  };
  readonly nsp: { readonly server: { readonly _opts: { connectionStateRecovery?: unknown } } };
  emit(event: string, ...data: unknown[]): unknown;
  once(event: 'disconnect', listener: () => void): unknown;
  disconnect(): unknown;
}

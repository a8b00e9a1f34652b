/**
 * A user who logs in, over one connection that stays open. HTTP is written here byte by byte: the users
 * are not measured, run on the same cores, and must not take them from the service.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Longer than anything that is under way may take: beyond it, a login hangs. Milliseconds. */
const HANGS_MS = 30_000;
const HEAD_END = '\r\n\r\n';

export interface Answer {
  status: number;
  retryAfterMs: number | undefined;
}

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

export class LoadUser implements Disposable {
  readonly #request: Buffer;
  readonly #socket: Socket;
  #received = '';
  #waiting: Waiting | undefined;

  private constructor(socket: Socket, request: Buffer) {
    this.#socket = socket;
    this.#request = request;
    socket.setEncoding('latin1').setNoDelay();
    socket.on('timeout', () => socket.destroy(new Error(`no answer within ${HANGS_MS} ms`)));
    socket.on('error', (error) => this.#waiting?.reject(error));
    socket.on('close', () => this.#waiting?.reject(new Error('the connection was closed')));
    socket.on('data', (text: string) => {
      this.#received += text;
      const answer = this.#taken();
      if (answer !== undefined) this.#waiting?.resolve(answer);
    });
  }

  static async arrive(url: URL, account: object): Promise<LoadUser> {
    const body = JSON.stringify(account);
    const head = [
      `POST ${url.pathname} HTTP/1.1`,
      `host: ${url.host}`,
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(body)}`,
    ];
    const socket = connect({ host: url.hostname, port: Number(url.port) });
    await once(socket, 'connect');
    return new LoadUser(socket, Buffer.from(head.join('\r\n') + HEAD_END + body));
  }

  /** @throws Error when the connection ends, or nothing comes for 30 s */
  async logIn(): Promise<Answer> {
    if (this.#socket.destroyed) throw new Error('the connection was closed');
    this.#socket.setTimeout(HANGS_MS);
    const answer = new Promise<Answer>((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
    this.#socket.write(this.#request);
    try {
      return await answer;
    } finally {
      this.#waiting = undefined;
      this.#socket.setTimeout(0);
    }
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  /** @returns undefined while the answer is not there as a whole */
  #taken(): Answer | undefined {
    const end = this.#received.indexOf(HEAD_END);
    if (end === -1) return undefined;
    const head = this.#received.slice(0, end);
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    if (length === undefined) throw new Error('an answer without its length');
    const whole = end + HEAD_END.length + Number(length);
    if (this.#received.length < whole) return undefined;
    this.#received = this.#received.slice(whole);
    const seconds = /\r\nretry-after: (\d+)/i.exec(head)?.[1];
    return {
      status: Number(head.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length)),
      retryAfterMs: seconds === undefined ? undefined : Number(seconds) * 1_000,
    };
  }
}

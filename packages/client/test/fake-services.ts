/**
 * Speaks the wire form of the three routers over real HTTP, with as much of a session behind it as
 * the client can tell from outside: one access token that is valid, one refresh token that is.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ErrorCode } from '../src/error.ts';
import { FakeStream } from './fake-stream.ts';

export interface Seen {
  path: string;
  authorization: string | undefined;
  requestId: string | undefined;
}

interface Failure {
  status: number;
  code: ErrorCode;
  headers?: Record<string, string>;
}

const STATUS: Partial<Record<ErrorCode, number>> = {
  invalid_token: 401,
  token_stale: 401,
  invalid_credentials: 401,
  invalid_refresh_token: 401,
};

export const RECEIPT = {
  revoked: { kind: 'session', id: 'ses_1' },
  committed_at: '2026-01-01T00:00:00.000Z',
  published: true,
  confirmed: 1,
  expected: 1,
  pending: [],
  best_effort: [],
  enforced_by: '2026-01-01T00:00:05.000Z',
};

export class FakeServices implements AsyncDisposable {
  readonly seen: Seen[] = [];
  readonly ended: string[] = [];
  readonly stream = new FakeStream();
  validAccess = '';
  validRefresh = '';
  /** What `me.get` answers a token that is not valid. */
  refusal: ErrorCode = 'invalid_token';
  /** Refuses every access token, whatever it is. */
  refuseAll = false;
  /** What a refresh does instead of succeeding. */
  refreshFault: 'none' | 'hang up' | 'unavailable' | 'html' = 'none';
  /** Waited for before a refresh answers, after the old tokens have stopped to work. */
  refreshGate: Promise<void> = Promise.resolve();
  logoutFault = false;
  machineGate: Promise<void> = Promise.resolve();
  machineFailure: Record<string, unknown> | undefined;
  machineBasics: string[] = [];
  sessionId = 'ses_1';
  #issued = 0;
  readonly #server = createServer((request, response) => {
    this.#handle(request, response).catch(() => response.destroy());
  });

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  calls(path: string): Seen[] {
    return this.seen.filter((call) => call.path === path);
  }

  issue() {
    this.#issued += 1;
    this.validAccess = `access-${this.#issued}`;
    this.validRefresh = `refresh-${this.#issued}`;
    return {
      access_token: this.validAccess,
      token_type: 'Bearer',
      expires_in: 600,
      refresh_token: this.validRefresh,
      session_id: this.sessionId,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const path = url.pathname.replace('/trpc/', '');
    const { authorization } = request.headers;
    const requestId = request.headers['x-request-id'];
    this.seen.push({
      path,
      authorization,
      requestId: typeof requestId === 'string' ? requestId : undefined,
    });
    const body = await bodyOf(request);
    switch (path) {
      case 'login':
        return (body as { password?: string }).password === 'wrong'
          ? refuse(response, 'invalid_credentials')
          : succeed(response, this.issue());
      case 'refresh':
        return this.#refresh(response, (body as { refresh_token?: string }).refresh_token);
      case 'logout':
        return this.#logout(response, authorization);
      case '/oauth2/token':
        return this.#machineToken(response, authorization);
      case 'me.events':
        this.stream.note(request);
        return !this.refuseAll && authorization === `Bearer ${this.validAccess}`
          ? this.stream.accept(response)
          : refuse(response, this.refusal);
      case 'slow':
        return undefined;
      case 'accounts.get':
        return refuse(response, 'rate_limited', {
          status: 429,
          code: 'rate_limited',
          headers: { 'retry-after': '7' },
        });
      default:
        if (this.refuseAll || authorization !== `Bearer ${this.validAccess}`) {
          return refuse(response, this.refusal);
        }
        return succeed(response, { id: 'usr_1' });
    }
  }

  async #refresh(response: ServerResponse, presented: string | undefined): Promise<void> {
    if (this.refreshFault === 'hang up') return void response.destroy();
    if (this.refreshFault === 'html') return void response.writeHead(502).end('<html>Bad Gateway');
    if (this.refreshFault === 'unavailable') {
      return refuse(response, 'unavailable', { status: 503, code: 'unavailable' });
    }
    if (presented !== this.validRefresh) return refuse(response, 'invalid_refresh_token');
    const tokens = this.issue();
    await this.refreshGate;
    return succeed(response, tokens);
  }

  #logout(response: ServerResponse, authorization: string | undefined): void {
    if (this.logoutFault) return void response.destroy();
    if (authorization !== `Bearer ${this.validAccess}`) return refuse(response, 'invalid_token');
    this.ended.push(authorization.slice('Bearer '.length));
    this.validAccess = this.validRefresh = '';
    return succeed(response, RECEIPT);
  }

  async #machineToken(response: ServerResponse, authorization: string | undefined): Promise<void> {
    this.machineBasics.push(authorization ?? '');
    await this.machineGate;
    if (this.machineFailure !== undefined) {
      response.writeHead(401, { 'content-type': 'application/json', 'x-request-id': 'req_oauth' });
      return void response.end(JSON.stringify(this.machineFailure));
    }
    const { access_token, token_type, expires_in } = this.issue();
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ access_token, token_type, expires_in }));
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function succeed(response: ServerResponse, data: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ result: { data } }));
}

function refuse(response: ServerResponse, code: ErrorCode, failure?: Failure): void {
  const status = failure?.status ?? STATUS[code] ?? 400;
  const message = `public text of ${code}`;
  const portcullis = { code, message, request_id: 'req_fake' };
  const data = { code: 'UNAUTHORIZED', httpStatus: status, path: 'x', portcullis };
  response.writeHead(status, { 'content-type': 'application/json', ...failure?.headers });
  response.end(JSON.stringify({ error: { message, code: -32_001, data } }));
}

/** Does one thing at a time to the system, and writes down what came of it. */
import { receipt } from '@portcullis/contracts/schemas';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { History } from '../history/history.ts';
import type { Change, Issue, Outcome, Verification, Verdict } from '../history/operation.ts';
import type { Token } from '../history/token.ts';
import type { VerifierPlace } from '../stage/stage.ts';

const TIMEOUT_MS = 15_000;

export interface Account {
  readonly email: string;
  readonly password: string;
}

export interface Session {
  readonly account: Account;
  readonly token: Token;
  readonly refreshToken: string;
}

/** Where auth is reached: at one instance, or at what stands before all of them. */
export interface Door {
  readonly name: string;
  readonly service: { readonly url: string };
}

interface Answer {
  readonly start: number;
  readonly end: number;
  readonly status: number;
  readonly body: unknown;
  readonly detail: string;
}

const pair = z.object({ access_token: z.string(), refresh_token: z.string() });
const code = z.object({ code: z.string() });

export class Actor {
  readonly #history: History;

  constructor(history: History) {
    this.#history = history;
  }

  async logIn(at: Door, account: Account): Promise<Session | undefined> {
    const answer = await post(`${at.service.url}/v1/login`, account);
    return this.#issued('log-in', at, account, undefined, answer);
  }

  async refresh(at: Door, session: Session): Promise<Session | undefined> {
    const { account, token, refreshToken } = session;
    const answer = await post(`${at.service.url}/v1/refresh`, { refresh_token: refreshToken });
    return this.#issued('refresh', at, account, token, answer);
  }

  async logOut(at: Door, token: Token, waitMs = 1_000): Promise<Change> {
    const answer = await post(`${at.service.url}/v1/logout?wait=${waitMs}`, {}, token.text);
    return this.#changed('log-out', at.name, token, answer);
  }

  async logOutEverywhere(at: Door, token: Token, waitMs = 1_000): Promise<Change> {
    const answer = await post(`${at.service.url}/v1/logout-all?wait=${waitMs}`, {}, token.text);
    return this.#changed('log-out-everywhere', at.name, token, answer);
  }

  /** @param administrator a token of one */
  async disable(at: VerifierPlace, administrator: Token, token: Token): Promise<Change> {
    const answer = await post(`${at.url}/${token.sub}/disable?wait=1000`, {}, administrator.text);
    return this.#changed('disable', at.name, token, answer);
  }

  async verify(at: VerifierPlace, token: Token): Promise<Verification> {
    const { start, end, status, body, detail } = await ask(at.url, {
      headers: { authorization: `Bearer ${token.text}` },
    });
    const verdict = verdictOf(status, code.safeParse(body).data?.code);
    const seen = { start, end, status, detail };
    const verification: Verification = { kind: 'verify', at: at.name, token, verdict, ...seen };
    this.#history.verifications.push(verification);
    return verification;
  }

  #issued(
    kind: Issue['kind'],
    at: Door,
    account: Account,
    former: Token | undefined,
    { start, end, status, body, detail }: Answer,
  ): Session | undefined {
    const outcome = outcomeOf(status);
    const tokens = outcome === 'ok' ? pair.parse(body) : undefined;
    const token = tokens && this.#history.addToken(tokens.access_token, start, end);
    const seen = { start, end, status, detail };
    this.#history.issues.push({ kind, at: at.name, outcome, former, token, ...seen });
    return token && tokens && { account, token, refreshToken: tokens.refresh_token };
  }

  #changed(
    kind: Change['kind'],
    at: string,
    token: Token,
    { start, end, status, body, detail }: Answer,
  ): Change {
    const outcome = outcomeOf(status);
    const found = outcome === 'ok' ? receiptIn(body) : undefined;
    const seen = { start, end, status, detail };
    const change: Change = { kind, at, token, outcome, receipt: found, ...seen };
    this.#history.changes.push(change);
    return change;
  }
}

/** A new user, which the history need not know about. */
export async function register(authUrl: string): Promise<Account> {
  const account = {
    email: `user-${randomBytes(6).toString('hex')}@example.test`,
    password: randomBytes(18).toString('base64url'),
  };
  const { status, detail } = await post(`${authUrl}/v1/register`, { ...account, name: 'Ada' });
  if (status !== 201) throw new Error(`register: ${status} ${detail}`);
  return account;
}

function receiptIn(body: unknown) {
  const wrapped = z.object({ receipt }).safeParse(body).data;
  return wrapped?.receipt ?? receipt.parse(body);
}

function outcomeOf(status: number): Outcome {
  if (status >= 200 && status < 300) return 'ok';
  return status === 0 || status >= 500 ? 'unknown' : 'failed';
}

function verdictOf(status: number, reason: string | undefined): Verdict {
  if (status === 0) return 'silent';
  if (status === 401) return 'refused';
  if (status >= 500) return reason === 'verifier_stale' ? 'stale' : 'broken';
  return 'accepted';
}

async function post(url: string, body: unknown, token?: string): Promise<Answer> {
  return await ask(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
}

async function ask(url: string, request: RequestInit): Promise<Answer> {
  const start = performance.now();
  try {
    const response = await fetch(url, { ...request, signal: AbortSignal.timeout(TIMEOUT_MS) });
    const text = await response.text();
    const end = performance.now();
    const { status } = response;
    const body: unknown = parsed(text);
    return { start, end, status, body, detail: code.safeParse(body).data?.code ?? '' };
  } catch (error) {
    // What fetch throws says only that it failed; the cause is within.
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const detail = cause instanceof Error ? cause.message : 'no answer';
    return { start, end: performance.now(), status: 0, body: undefined, detail };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

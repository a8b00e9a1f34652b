/** Does one thing at a time to the system, and writes down what came of it. */
import { receipt } from '@portcullis/contracts/schemas';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { ask as askOnce, type Answer, type Ask } from './ask.ts';
import type { History } from '../history/history.ts';
import type { Change, Issue, Outcome, Verification, Verdict } from '../history/operation.ts';
import type { Token } from '../history/token.ts';
import type { VerifierPlace } from '../stage/stage.ts';

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

const pair = z.object({ access_token: z.string(), refresh_token: z.string() });

export class Actor {
  readonly #history: History;
  readonly #ask: Ask;

  /** @param ask asks once unless given */
  constructor(history: History, ask: Ask = askOnce) {
    this.#history = history;
    this.#ask = ask;
  }

  async logIn(at: Door, account: Account): Promise<Session | undefined> {
    const answer = await this.#post(`${at.service.url}/v1/login`, account);
    return this.#issued('log-in', at, account, undefined, answer);
  }

  async refresh(at: Door, session: Session): Promise<Session | undefined> {
    const { account, token, refreshToken } = session;
    const answer = await this.#post(`${at.service.url}/v1/refresh`, {
      refresh_token: refreshToken,
    });
    return this.#issued('refresh', at, account, token, answer);
  }

  async logOut(at: Door, token: Token, waitMs = 1_000): Promise<Change> {
    const answer = await this.#post(`${at.service.url}/v1/logout?wait=${waitMs}`, {}, token.text);
    return this.#changed('log-out', at.name, token, answer);
  }

  async logOutEverywhere(at: Door, token: Token, waitMs = 1_000): Promise<Change> {
    const answer = await this.#post(
      `${at.service.url}/v1/logout-all?wait=${waitMs}`,
      {},
      token.text,
    );
    return this.#changed('log-out-everywhere', at.name, token, answer);
  }

  /** @param administrator a token of one */
  async disable(at: VerifierPlace, administrator: Token, token: Token): Promise<Change> {
    const answer = await this.#post(
      `${at.url}/${token.sub}/disable?wait=1000`,
      {},
      administrator.text,
    );
    return this.#changed('disable', at.name, token, answer);
  }

  /** @param administrator a token of one */
  async setRoles(
    at: VerifierPlace,
    administrator: Token,
    token: Token,
    roles: readonly string[],
  ): Promise<Change> {
    const url = `${at.url}/${token.sub}/roles?wait=1000`;
    const answer = await this.#post(url, { roles }, administrator.text, 'PUT');
    return this.#changed('set-roles', at.name, token, answer);
  }

  async verify(at: VerifierPlace, token: Token): Promise<Verification> {
    const { start, end, status, detail } = await this.#ask(at.url, {
      headers: { authorization: `Bearer ${token.text}` },
    });
    const verdict = verdictOf(status, detail);
    const seen = { start, end, status, detail };
    const verification: Verification = { kind: 'verify', at: at.name, token, verdict, ...seen };
    this.#history.verifications.push(verification);
    return verification;
  }

  async #post(url: string, body: unknown, token?: string, method = 'POST'): Promise<Answer> {
    return await this.#ask(url, postOf(body, token, method));
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
  const body = postOf({ ...account, name: 'Ada' });
  const { status, detail } = await askOnce(`${authUrl}/v1/register`, body);
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

function postOf(body: unknown, token?: string, method = 'POST'): RequestInit {
  return {
    method,
    headers: {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  };
}

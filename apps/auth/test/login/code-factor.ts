/** A second factor of the tests: a code for each account, good until another one is given. */
import type { UserId } from '@portcullis/contracts';
import { randomBytes } from 'node:crypto';
import type { Factor } from '../../src/login/factor.ts';
import type { Answer, AuthInstance } from '../auth-system.ts';

export const ACR = 'urn:example:two-steps';

export class CodeFactor implements Factor {
  readonly method = 'code';
  readonly amr = ['otp'];
  readonly acr = ACR;
  readonly #codes = new Map<string, string>();
  /** Answers that were looked at. */
  checks = 0;
  /** What a check waits for before it looks. */
  gate: Promise<unknown> = Promise.resolve();
  /** What a check fails with, once. */
  fault: Error | undefined;

  /** @returns the code */
  enrol(user: string, code = randomBytes(12).toString('hex')): string {
    this.#codes.set(user, code);
    return code;
  }

  async isEnrolled(user: UserId): Promise<boolean> {
    return this.#codes.has(user);
  }

  async check(user: UserId, answer: string): Promise<boolean> {
    this.checks += 1;
    await this.gate;
    const { fault } = this;
    this.fault = undefined;
    if (fault !== undefined) throw fault;
    return this.#codes.get(user) === answer;
  }
}

export interface Continued {
  challenge: string;
  answer: string;
  method?: string;
  transport?: 'body' | 'cookie';
}

export const proceed = async (
  auth: AuthInstance,
  { method = 'code', ...input }: Continued,
  headers: Record<string, string> = {},
): Promise<Answer> =>
  await auth.call('POST', '/v1/login/continue', { body: { method, ...input }, headers });

/** Status and code, of an answer that may have been refused. */
export const outcome = ({ status, body }: Answer): string => `${status} ${body.code ?? 'done'}`;

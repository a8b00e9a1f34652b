/** What a step of a login comes to, read from the answer to it. */
import type { Challenged } from '@portcullis/api';
import { isRecord, secondsOf } from './answer-shape.ts';

export interface Credentials {
  email: string;
  password: string;
}

/** Its `token` is a secret; it is good once, for `expires_in` seconds, and for this client alone. */
export type LoginChallenge = Challenged['challenge'];

export interface ChallengeAnswer {
  challenge: LoginChallenge;
  /** One of those that the challenge names. */
  method: string;
  /** What the method asks for: a code, say. */
  answer: string;
}

/** The user is logged in, or the service asks for one more step, for `continueLogIn`. */
export type LoginResult =
  | { status: 'logged_in'; sessionId: string; challenge?: undefined }
  | { status: 'challenged'; challenge: LoginChallenge; sessionId?: undefined };

/** @returns undefined for an answer that asks for nothing more */
export function challengeOf(answer: unknown): LoginChallenge | undefined {
  if (!isRecord(answer) || !isRecord(answer['challenge'])) return undefined;
  const { token, methods, expires_in } = answer['challenge'];
  const seconds = secondsOf(expires_in);
  if (typeof token !== 'string' || seconds === undefined || !isTexts(methods)) return undefined;
  return { token, methods, expires_in: seconds };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

/** As the service takes it. */
export function answerInput({ challenge: { token: challenge }, method, answer }: ChallengeAnswer) {
  return { challenge, method, answer };
}

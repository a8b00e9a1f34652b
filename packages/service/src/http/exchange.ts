/** What is kept about a request beside the request itself, from its arrival to its log line. */
import type { Refusal } from '@portcullis/contracts';
import type { CookiePolicy } from '@portcullis/verify/cookie';
import type { RefusalCounts } from '@portcullis/verify';
import type { RequestGuard } from '@portcullis/verify/guard';
import type { FastifyRequest } from 'fastify';
import type { Outages } from '../outages.ts';

export interface CookieSettings extends CookiePolicy {
  /** For how long a browser keeps the refresh token; a service that sets none needs none. */
  refreshSeconds?: number;
  /** Headers that pages of the allowed origins may send, beside those that this service knows. */
  requestHeaders?: readonly string[];
  /** Headers of answers that they may read, beside those that this service sets. */
  exposedHeaders?: readonly string[];
}

interface Exchange {
  /** Where refusals for a part that is unavailable are reported. */
  outages?: Outages;
  refusal?: Refusal;
  /** Where refusals are counted by their reasons. */
  refusals?: Pick<RefusalCounts, 'note'>;
  /** The pattern to count it under, where the framework's own is too coarse. */
  route?: string;
  /** Called once when the answer has become a stream, which lasts. */
  becomesStream?: () => void;
  /** Which cookies carry tokens, and whose calls may carry them. */
  cookies: CookieSettings;
  /** Answers what is refused; there is none before the service has taken the request up. */
  guard?: Pick<RequestGuard, 'answerOf'>;
}

/** Beside the request, not on it: nothing that a client sends can reach it. */
const exchanges = new WeakMap<FastifyRequest, Exchange>();

export function exchangeOf(request: FastifyRequest): Exchange {
  let exchange = exchanges.get(request);
  if (exchange === undefined) {
    exchange = { cookies: {} };
    exchanges.set(request, exchange);
  }
  return exchange;
}

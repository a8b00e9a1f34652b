/** Exchanges a refresh token for its one successor, by the rules of rotate-or-detect-reuse.ts. */
import { Refusal, type ClientId } from '@portcullis/contracts';
import type { RequestContext, Tokens } from '@portcullis/api';
import type { Database, Transaction } from '../database/database.ts';
import type { WithChange } from '../change/unit-of-work.ts';
import type { Mint } from '../token/mint.ts';
import { sessionResponse } from '../token/token-response.ts';
import type { SessionLimits } from '../timing/lifetimes.ts';
import { endSessionForReuse } from './end-session-for-reuse.ts';
import { grantOf, valuesOf, type Offer } from './offer.ts';
import type { RefreshTokens } from './refresh-token.ts';
import { rotateOrDetectReuse } from './rotate-or-detect-reuse.ts';
import { prepareRotateLive } from './rotate-statement.ts';

export type RefreshOutcome = 'rotated' | 'repeated' | 'reused' | 'refused';

export interface RefreshDependencies {
  database: Database;
  withChange: WithChange;
  refreshTokens: RefreshTokens;
  mint: Mint;
  sessionLimits: Pick<SessionLimits, 'idleSeconds'>;
  observe(outcome: RefreshOutcome): void;
}

export interface RefreshConstraints {
  /** The client that asks, where it has said so; it has to be the session's. */
  client?: ClientId;
  /** For whom the access token is to be; for every audience that it may have unless given. */
  audiences?: readonly string[];
  /** Uses up what stands for the token, in the same transaction. What it throws refuses the refresh, and undoes it. */
  useUp?: (tx: Transaction) => Promise<void>;
}

export type Refresh = (
  request: RequestContext,
  text: string,
  demands?: RefreshConstraints,
) => Promise<Tokens>;

export function createRefresh(dependencies: RefreshDependencies): Refresh {
  const { database, withChange, refreshTokens, mint, observe } = dependencies;
  const { idleSeconds } = dependencies.sessionLimits;
  const rotateLive = prepareRotateLive(database, idleSeconds);

  async function rotate(offer: Offer, useUp: RefreshConstraints['useUp']) {
    if (useUp === undefined) {
      const [row] = await rotateLive.execute(valuesOf(offer));
      if (row !== undefined) return { outcome: 'rotated', ...grantOf(row, offer) } as const;
    }
    return await database.transaction(async (tx) => {
      const turn = await rotateOrDetectReuse(tx, offer, idleSeconds);
      if (turn.outcome === 'rotated' || turn.outcome === 'repeated') await useUp?.(tx);
      return turn;
    });
  }

  return async (request, text, { client, audiences, useUp } = {}) => {
    const token = refreshTokens.read(text);
    if (token === null) {
      observe('refused');
      throw new Refusal('invalid_refresh_token');
    }
    const jkt = await request.provePossession();
    const successor = refreshTokens.successor(token);
    const turn = await rotate({ token, successor, request, client, jkt }, useUp);
    observe(turn.outcome);
    if (turn.outcome === 'reused') await endSessionForReuse(withChange, token, turn.owner, request);
    if (turn.outcome === 'reused' || turn.outcome === 'refused') {
      throw new Refusal('invalid_refresh_token', { cause: new Error(turn.reason) });
    }
    const minted = await mint.issueUserToken(
      { ...turn.user, ...(audiences === undefined ? {} : { audiences }) },
      turn.facts,
    );
    return sessionResponse(minted, successor);
  };
}

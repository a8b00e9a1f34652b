/** Exchanges a refresh token for its one successor, by the rules of take-turn.ts. */
import { Refusal, type ClientId } from '@portcullis/contracts';
import type { RequestContext, Tokens } from '@portcullis/api';
import type { Database } from '../database/database.ts';
import type { MakeChange } from '../change/change.ts';
import type { Mint } from '../token/mint.ts';
import { sessionResponse } from '../token/token-response.ts';
import type { SessionLimits } from '../timing/lifetimes.ts';
import { endReused } from './end-reused.ts';
import type { RefreshTokens } from './refresh-token.ts';
import { takeTurn } from './take-turn.ts';

export type RefreshOutcome = 'rotated' | 'repeated' | 'reused' | 'refused';

export interface RefreshDependencies {
  database: Database;
  makeChange: MakeChange;
  refreshTokens: RefreshTokens;
  mint: Mint;
  sessionLimits: Pick<SessionLimits, 'idleSeconds'>;
  observe(outcome: RefreshOutcome): void;
}

export interface RefreshDemands {
  /** The client that asks, where it has said so; it has to be the session's. */
  client?: ClientId;
  /** For whom the access token is to be; for every audience that it may have unless given. */
  audiences?: readonly string[];
}

export type Refresh = (
  request: RequestContext,
  text: string,
  demands?: RefreshDemands,
) => Promise<Tokens>;

export function createRefresh(dependencies: RefreshDependencies): Refresh {
  const { database, makeChange, refreshTokens, mint, observe } = dependencies;
  const turns = { refreshTokens, idleSeconds: dependencies.sessionLimits.idleSeconds };

  return async (request, text, { client, audiences } = {}) => {
    const token = refreshTokens.read(text);
    if (token === null) {
      observe('refused');
      throw new Refusal('invalid_refresh_token');
    }
    const jkt = await request.provePossession();
    const offer = { token, request, client, jkt };
    const turn = await database.transaction((tx) => takeTurn(tx, turns, offer));
    observe(turn.outcome);
    if (turn.outcome === 'reused') await endReused(makeChange, token, turn.owner, request);
    if (turn.outcome === 'reused' || turn.outcome === 'refused') {
      throw new Refusal('invalid_refresh_token', { cause: new Error(turn.reason) });
    }
    const minted = await mint.forPerson(
      { ...turn.person, ...(audiences === undefined ? {} : { audiences }) },
      turn.facts,
    );
    return sessionResponse(minted, turn.successor);
  };
}

/** How long sessions live, and how many a user may have. */
import { ConfigurationError, integer } from '@portcullis/service';
import { DEFAULT_SESSION_LIMITS, type SessionLimits } from '../timing/lifetimes.ts';

const { idleSeconds, absoluteSeconds, most } = DEFAULT_SESSION_LIMITS;
const YEAR_S = 365 * 24 * 3600;

export function sessionFields() {
  return {
    // Shorter, and a user who reads a page is logged out over it.
    PORTCULLIS_SESSION_IDLE_SECONDS: integer({ min: 60, max: YEAR_S }).default(idleSeconds),
    PORTCULLIS_SESSION_SECONDS: integer({ min: 60, max: YEAR_S }).default(absoluteSeconds),
    PORTCULLIS_MAX_SESSIONS: integer({ min: 1, max: 1_000 }).default(most),
  };
}

export function sessionLimitsOf(fields: {
  PORTCULLIS_SESSION_IDLE_SECONDS: number;
  PORTCULLIS_SESSION_SECONDS: number;
  PORTCULLIS_MAX_SESSIONS: number;
}): SessionLimits {
  const limits = {
    idleSeconds: fields.PORTCULLIS_SESSION_IDLE_SECONDS,
    absoluteSeconds: fields.PORTCULLIS_SESSION_SECONDS,
    most: fields.PORTCULLIS_MAX_SESSIONS,
  };
  if (limits.idleSeconds > limits.absoluteSeconds) {
    throw new ConfigurationError([
      'PORTCULLIS_SESSION_IDLE_SECONDS: is longer than PORTCULLIS_SESSION_SECONDS',
    ]);
  }
  return limits;
}

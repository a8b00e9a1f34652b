import { reasonOfPeer } from '@portcullis/api';

/** What the client library says when Redis cannot be reached, does not answer, or refuses to work. */
const CONNECTION_TEXT =
  /connection is closed|command timed out|connect(ion)? time|stream isn't writeable|max retries per request/i;
/** Full, read-only, loading, failing to write, or with another password. */
const REFUSALS =
  /^(OOM|READONLY|LOADING|MISCONF|NOAUTH|WRONGPASS|MASTERDOWN|CLUSTERDOWN|NOREPLICAS)\b/;

/** Otherwise something is wrong with one job, and not with Redis. */
export function isRedisAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('syscall' in error || 'errno' in error || reasonOfPeer(error) !== undefined) return true;
  return CONNECTION_TEXT.test(error.message) || REFUSALS.test(error.message.replace(/^ERR /, ''));
}

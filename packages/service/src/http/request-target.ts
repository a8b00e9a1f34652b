/** The parts of the request line, without trusting its form (RFC 9112 section 3.2). */
import { malformed, refuseUnstorable } from './strict-json.ts';
import { MAX_MEMBERS } from './bounds.ts';

/** Characters of a path that reach the log. */
const MAX_LOGGED_PATH = 256;

export interface RequestTarget {
  path: string;
  /** Without the question mark; empty where there is none. */
  query: string;
}

/** Origin form and absolute form; a fragment, which has no business there, is dropped. */
export function requestTarget(url: string): RequestTarget {
  const origin = url.replace(/^https?:\/\/[^/?#]*/i, '');
  const [beforeFragment = ''] = origin.split('#', 1);
  const at = beforeFragment.indexOf('?');
  if (at === -1) return { path: beforeFragment || '/', query: '' };
  return { path: beforeFragment.slice(0, at) || '/', query: beforeFragment.slice(at + 1) };
}

/** Longer than any id of ours, and no longer than any secret. */
const MAYBE_SECRET = /[A-Za-z0-9_-]{32,}/g;

/** For the log: never with the query, where tokens end up by mistake; nor with one in the path. */
export function loggedPath(url: string): string {
  return requestTarget(url).path.replaceAll(MAYBE_SECRET, '[hidden]').slice(0, MAX_LOGGED_PATH);
}

/**
 * Members of a query or of a form body (`application/x-www-form-urlencoded`). Each at most once
 * (RFC 6749 section 3.1), correctly escaped, and UTF-8.
 *
 * @throws Refusal `invalid_request`
 */
export function parseMembers(text: string, where: 'query' | 'form'): Map<string, string> {
  const members = new Map<string, string>();
  if (text === '') return members;
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const at = pair.indexOf('=');
    const name = unescapeMember(at === -1 ? pair : pair.slice(0, at), where);
    const value = at === -1 ? '' : unescapeMember(pair.slice(at + 1), where);
    if (members.has(name)) throw malformed(name, `is given twice in the ${where}`);
    members.set(name, value);
    if (members.size > MAX_MEMBERS) throw malformed(where, 'has too many members');
  }
  return members;
}

function unescapeMember(text: string, where: string): string {
  let unescaped: string;
  try {
    unescaped = decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw malformed(where, 'is not correctly escaped');
  }
  refuseUnstorable(unescaped, where);
  return unescaped;
}

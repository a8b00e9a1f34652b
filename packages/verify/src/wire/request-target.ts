/** The parts of the request line, without trusting its form (RFC 9112 section 3.2). */

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

/** The cookies that carry tokens, in a `Cookie` header (RFC 6265 section 4.2.1) and in `Set-Cookie`. */

export interface TokenCookies {
  access: string;
  refresh: string;
}

const HOST_ONLY: TokenCookies = {
  access: '__Host-portcullis-access',
  refresh: '__Host-portcullis-refresh',
};
/** For plain http on a developer's machine. */
const INSECURE: TokenCookies = {
  access: 'portcullis-insecure-access',
  refresh: 'portcullis-insecure-refresh',
};

/** As the services call them; this package does not carry theirs along, and a test holds the two together. */
export function cookieNames(insecure: boolean): TokenCookies {
  return insecure ? INSECURE : HOST_ONLY;
}

/** @returns its value; undefined where there is none, or more than one: which one counts is not for us to say */
export function cookieIn(header: string | null, name: string): string | undefined {
  const values = pairsIn(header).filter(([key]) => key === name);
  return values.length === 1 ? values[0]?.[1] : undefined;
}

/** The header with these cookies instead of those of their names; undefined takes one out, and for a header without any. */
export function withCookies(
  header: string | null,
  cookies: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const kept = pairsIn(header).filter(([key]) => !Object.hasOwn(cookies, key));
  const pairs = [...kept, ...Object.entries(cookies)];
  const text = pairs.flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`]));
  return text.length === 0 ? undefined : text.join('; ');
}

/** @returns undefined where the line sets none of that name, or deletes it */
export function cookieSetBy(lines: readonly string[], name: string): string | undefined {
  const line = lines.find((one) => one.startsWith(`${name}=`));
  const value = line?.slice(name.length + 1).split(';', 1)[0];
  return value === '' ? undefined : value;
}

function pairsIn(header: string | null): [name: string, value: string][] {
  return (header ?? '').split(';').flatMap((pair) => {
    const at = pair.indexOf('=');
    return at === -1 ? [] : [[pair.slice(0, at).trim(), pair.slice(at + 1).trim()]];
  });
}

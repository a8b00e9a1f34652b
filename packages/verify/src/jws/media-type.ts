/**
 * Whether a header parameter names this media type (RFC 7515 section 4.1.9): without a slash
 * `application/` is meant, and media types have no case (RFC 2045 section 5.1).
 *
 * @param name in small letters, without `application/`
 */
export function isMediaType(value: unknown, name: string): boolean {
  if (typeof value !== 'string') return false;
  const type = value.toLowerCase();
  return type === name || type === `application/${name}`;
}

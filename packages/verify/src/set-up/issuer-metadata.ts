/** What the issuer calls itself, by its own metadata (RFC 8414 section 3). */
import { eitherSignal } from '../wire/either-signal.ts';
import { readBounded } from '../wire/read-bounded.ts';
import { demandTrustedAddress, type Fetch, type FetchedAnswer } from '../keys/fetch-key-set.ts';
import { parseStrictJson } from '../wire/strict-json.ts';

const TIMEOUT_MS = 3_000;
const MAX_BYTES = 64 * 1024;
/** The documents that an issuer may publish; `issuer` is a required member of both. */
const DOCUMENTS = ['oauth-authorization-server', 'openid-configuration'];

/**
 * @param issuer a URL
 * @param over when it is of no interest any more
 * @returns undefined for an issuer that publishes no metadata
 * @throws when it did not answer, and where another host on the way could answer in its place
 */
export async function issuerFromMetadata(
  issuer: string,
  fetch: Fetch,
  over?: AbortSignal,
): Promise<string | undefined> {
  demandTrustedAddress(issuer);
  const late = AbortSignal.timeout(TIMEOUT_MS);
  const signal = over === undefined ? late : eitherSignal(late, over);
  for (const document of DOCUMENTS) {
    const response = await fetch(addressOf(issuer, document), {
      redirect: 'error',
      headers: { accept: 'application/json' },
      signal,
    });
    if (response.status === 200) {
      const name = await readName(response, signal);
      if (name !== undefined) return name;
      continue;
    }
    await response.body?.cancel();
    if (response.status >= 500) throw new Error(`the metadata was answered ${response.status}`);
  }
  return undefined;
}

/** The path of an issuer comes after the well-known part, without its last slash (section 3.1). */
function addressOf(issuer: string, document: string): string {
  const { origin, pathname } = new URL(issuer);
  return `${origin}/.well-known/${document}${pathname.replace(/\/$/, '')}`;
}

/** @returns undefined for what is no metadata: any page may be answered 200 */
async function readName(response: FetchedAnswer, signal: AbortSignal): Promise<string | undefined> {
  const bytes = await readBounded(response, MAX_BYTES, signal);
  try {
    const { issuer } = parseStrictJson(bytes);
    return typeof issuer === 'string' ? issuer : undefined;
  } catch {
    return undefined;
  }
}

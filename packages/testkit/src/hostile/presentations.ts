/**
 * Ways to present a token in a request, all but one of them wrong: it is taken from one `Authorization`
 * header of the form of RFC 6750, section 2.1, and from nowhere else.
 */

export interface Presentation {
  name: string;
  /** The head of a request for `target` with the good token, without the last empty line. */
  lines(target: string, good: string): string[];
  /** Statuses that are right. */
  answers: readonly number[];
}

const OTHERS = ['Authorization: Bearer a.b.c', 'authorization: Basic eDp5', 'AUTHORIZATION:'];
const QUERIES = ['access_token=', 'token=', 'authorization=Bearer%20'];
const OTHER_HEADERS = [
  'X-Authorization: Bearer ',
  'Proxy-Authorization: Bearer ',
  'X-Access-Token: ',
  'Cookie: access_token=',
  'Cookie: authorization=Bearer ',
];

const head = (target: string, ...lines: string[]): string[] => [
  `GET ${target} HTTP/1.1`,
  'Host: 127.0.0.1',
  ...lines,
];
const bearer = (token: string): string => `Authorization: Bearer ${token}`;

function refused(
  name: string,
  headers: (good: string) => string[],
  { answers = [401], query = '' } = {},
): Presentation {
  const lines: Presentation['lines'] = (target, good) =>
    head(query === '' ? target : `${target}?${query}${good}`, ...headers(good));
  return { name, lines, answers };
}

export const PRESENTATIONS: readonly Presentation[] = [
  { name: 'one header', lines: (target, good) => head(target, bearer(good)), answers: [200] },
  refused('the header twice', (good) => [bearer(good), bearer(good)]),
  ...OTHERS.flatMap((other) => [
    refused(`before ${other}`, (good) => [bearer(good), other]),
    refused(`after ${other}`, (good) => [other, bearer(good)]),
  ]),
  refused('a list of two', (good) => [`${bearer(good)}, Bearer ${good}`]),
  refused('a comma behind', (good) => [`${bearer(good)},`]),
  refused('a word behind', (good) => [`${bearer(good)} x`]),
  refused('no scheme', (good) => [`Authorization: ${good}`]),
  ...['Basic', 'Token', 'JWT', 'Bearer:', 'Bearer,'].map((scheme) =>
    refused(`the scheme ${scheme}`, (good) => [`Authorization: ${scheme} ${good}`]),
  ),
  // As a token that is missing, or as a member that the operation does not take.
  ...QUERIES.flatMap((query) => [
    refused(`in the query, ${query}`, () => [], { answers: [400, 401], query }),
    refused(`in the query, beside a bad header, ${query}`, () => [bearer('a.b.c')], {
      answers: [400, 401],
      query,
    }),
    refused(`in the query as well, ${query}`, (good) => [bearer(good)], {
      answers: [400, 401],
      query,
    }),
  ]),
  ...OTHER_HEADERS.flatMap((header) => [
    refused(`in ${header}`, (good) => [header + good]),
    refused(`beside a bad header, in ${header}`, (good) => [bearer('a.b.c'), header + good]),
  ]),
];

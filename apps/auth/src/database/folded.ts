/**
 * The form in which human text is searched: compatibility characters and combining marks in one form
 * (NFKC), case folded in every script. By ICU, since databases are made with the locale C, in which
 * `lower` knows ASCII alone; upper before lower, so that ß and ss, and both small sigmas, are one. Both
 * sides of a comparison go through it, the text that is looked for too: nothing else folds alike.
 *
 * What is ASCII, or in normal form already, is not normalised again: that costs the most.
 */
import { sql, type SQL, type SQLWrapper } from 'drizzle-orm';

export function folded(of: SQLWrapper | string): SQL {
  const text = sql`${of}::text`;
  const normal = sql`case when ${text} is nfkc normalized then ${text} else normalize(${text}, nfkc) end`;
  const upper = sql`upper((${normal}) collate "und-x-icu")`;
  return sql`case when octet_length(${text}) = char_length(${text})
    then lower(${text} collate "C") collate "und-x-icu"
    else replace(lower(${upper} collate "und-x-icu"), U&'\\03C2', U&'\\03C3') end`;
}

/**
 * Texts that are shown to others: in tables, consoles, terminals. What cannot be seen there, moves what
 * stands around it, or speaks to a terminal is refused in a name that is chosen, and replaced in what a
 * client sends along. Names that are stored already stay as they are.
 */

/**
 * Controls, format characters (bidirectional marks, zero-width ones), line and paragraph separators,
 * lone surrogates, private use, and what fonts leave blank: fillers, variation selectors, the empty
 * Braille pattern.
 */
const UNSEEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800]/gu;

/** The scripts in which a joiner changes how a word is read, as in Persian and Sinhala. */
const JOINING =
  String.raw`[\p{scx=Arab}\p{scx=Syrc}\p{scx=Nkoo}\p{scx=Mong}\p{scx=Deva}\p{scx=Beng}\p{scx=Guru}` +
  String.raw`\p{scx=Gujr}\p{scx=Orya}\p{scx=Taml}\p{scx=Telu}\p{scx=Knda}\p{scx=Mlym}\p{scx=Sinh}` +
  String.raw`\p{scx=Khmr}\p{scx=Mymr}]`;
/** Unseen characters where they belong: between such letters, and within emoji. */
const BELONGING = new RegExp(
  String.raw`(?<=${JOINING})[\u200c\u200d](?=${JOINING})` +
    String.raw`|(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])\u200d(?=\p{Extended_Pictographic})` +
    String.raw`|(?<=\p{Emoji})[\ufe0e\ufe0f]`,
  'gu',
);

const SEEN = /[\p{L}\p{N}\p{P}\p{S}]/u;

/** @returns a sentence that says what to change, and repeats nothing of the text; null for a good one */
export function problemWithShown(text: string): string | null {
  const rest = text.replaceAll(BELONGING, '');
  if (rest.search(UNSEEN) >= 0) {
    return 'Holds characters that cannot be seen or that change the direction of text. Leave them out.';
  }
  return SEEN.test(rest) ? null : 'Holds nothing that can be seen.';
}

/** For what a client sends along, such as `User-Agent`: nothing is refused over it. */
export function shownText(text: string): string {
  return text.replaceAll(UNSEEN, '\ufffd');
}

/**
 * The 128 bits of an identifier, as four words of 32 bits, the most significant first.
 *
 * For tables and wire formats that cannot afford strings. Decoding is exact and strict: a text that
 * is not a canonical identifier with this very prefix decodes to nothing, and no two texts decode to
 * the same bits. Nothing is allocated on the way.
 *
 * Words are signed (`Int32Array`), because V8 keeps those as small integers and puts larger ones on
 * the heap; only their bits matter.
 */
export const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const LENGTH = 26;
const UNDERSCORE = 0x5f;
/** Not a digit: has a bit beyond the five of every digit. */
const NONE = 0x80;

const DIGITS = new Uint8Array(128).fill(NONE);
for (let digit = 0; digit < ALPHABET.length; digit += 1) DIGITS[ALPHABET.charCodeAt(digit)] = digit;

/**
 * @param prefix without the underscore: `ses`
 * @param words receives four words; holds nothing of meaning after `false`
 * @returns whether `text` is a canonical identifier with this prefix
 */
export function decodeId(text: string, prefix: string, words: Int32Array): boolean {
  const start = prefix.length + 1;
  if (text.length !== start + LENGTH || text.charCodeAt(start - 1) !== UNDERSCORE) return false;
  for (let i = 0; i < prefix.length; i += 1) {
    if (text.charCodeAt(i) !== prefix.charCodeAt(i)) return false;
  }
  // 26 digits have 130 bits, of which the first two must be zero.
  let wrong = digitAt(text, start) > 7 ? NONE : 0;
  let word = 0;
  let room = 34;
  let filled = 0;
  for (let at = start; at < start + LENGTH; at += 1) {
    const digit = digitAt(text, at);
    wrong |= digit;
    room -= 5;
    if (room > 0) {
      word = (word << 5) | digit;
    } else {
      // `-room` of its bits belong to the next word.
      words[filled] = (word << (5 + room)) | (digit >>> -room);
      filled += 1;
      word = digit & ((1 << -room) - 1);
      room += 32;
    }
  }
  return wrong < 32;
}

/**
 * The last of the words alone, for a first look that costs a quarter of decoding.
 *
 * @param text anything; what is no identifier has some number or other
 */
export function lastBitsOf(text: string): number {
  const end = text.length;
  return (
    (digitAt(text, end - 7) << 30) |
    (digitAt(text, end - 6) << 25) |
    (digitAt(text, end - 5) << 20) |
    (digitAt(text, end - 4) << 15) |
    (digitAt(text, end - 3) << 10) |
    (digitAt(text, end - 2) << 5) |
    digitAt(text, end - 1)
  );
}

/** The digit's value, or something of 32 or more. */
function digitAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return (DIGITS[code & 127] ?? NONE) | (code & ~127);
}

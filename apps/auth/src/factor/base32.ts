/** Base32 (RFC 4648 section 6), without padding: what authenticator apps and people take a secret in. */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const BITS = 5;

export function encodeBase32(bytes: Uint8Array): string {
  let text = '';
  let held = 0;
  let heldBits = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    heldBits += 8;
    while (heldBits >= BITS) {
      heldBits -= BITS;
      text += ALPHABET.charAt((held >> heldBits) & 31);
      held &= (1 << heldBits) - 1;
    }
  }
  return heldBits === 0 ? text : text + ALPHABET.charAt((held << (BITS - heldBits)) & 31);
}

/**
 * @param text as people write it: small letters, spaces, hyphens and padding are taken
 * @returns null for what is none, and for bits at its end that belong to no byte
 */
export function decodeBase32(text: string): Buffer | null {
  const bytes: number[] = [];
  let held = 0;
  let heldBits = 0;
  for (const character of plainBase32(text)) {
    const value = ALPHABET.indexOf(character);
    if (value < 0) return null;
    held = (held << BITS) | value;
    heldBits += BITS;
    if (heldBits >= 8) {
      heldBits -= 8;
      bytes.push(held >> heldBits);
      held &= (1 << heldBits) - 1;
    }
  }
  return heldBits < BITS && held === 0 ? Buffer.from(bytes) : null;
}

/** Without what people put between or behind the characters, in capitals. */
export function plainBase32(text: string): string {
  return text.replaceAll(/[\s-]|=+$/g, '').toUpperCase();
}

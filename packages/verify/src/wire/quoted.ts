/** C1 controls, and what moves or turns the rest of a line: JSON leaves these as they are. */
const UNSHOWN = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** @returns the text as JSON, with escapes for what would speak to a terminal */
export function quoted(text: string): string {
  const escaped = (one: string) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(text).replaceAll(UNSHOWN, escaped);
}

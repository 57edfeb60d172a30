/**
 * Control characters of C0 and C1, the line and paragraph separators, and the marks that turn the direction of a text: none of
 * them belongs into a line that people read, and a terminal or a page obeys some of them.
 */
const controlCharacters = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+/g;

/**
 * A value from outside as one line: control characters become a space, and what is longer than `maxLength` is cut, with "…" at its end.
 * @param maxLength in UTF-16 code units, the "…" included
 */
export function plainText(value: string, maxLength: number): string {
  // Cut before the replacement, so that a value of megabytes costs nothing.
  const beginning = value.length > maxLength * 2 ? value.slice(0, maxLength * 2) : value;
  const line = beginning.replace(controlCharacters, ' ');
  const text = line === beginning ? line : line.trim();
  const shown = text.length <= maxLength && beginning.length === value.length ? text : `${text.slice(0, maxLength - 1)}…`;
  return wellFormed(shown);
}

/** Half of a surrogate pair is no character; it becomes U+FFFD. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}

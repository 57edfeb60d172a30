/** The delimiters of MSH-1 and MSH-2 and the escape sequences that stand for them in a value (HL7 v2.5.1 §2.7). */
const escapes: Readonly<Record<string, string>> = { '\\': '\\E\\', '|': '\\F\\', '^': '\\S\\', '&': '\\T\\', '~': '\\R\\' };

/** Break of a line in formatted text, data type FT (HL7 v2.5.1 §2.7.6). */
export const lineBreak = '\\.br\\';

/**
 * A value in which no character is a delimiter, ends a segment or ends the frame: delimiters by their escape sequences, line breaks as
 * `\X0D\`, other control characters as `\Xhh\` (HL7 v2.5.1 §2.7.5).
 */
export function escapeValue(text: string): string {
  return text
    .replace(/[\\|^&~]/g, (delimiter) => escapes[delimiter]!)
    .replace(/\r\n|\n/g, '\r')
    .replace(/[\u0000-\u001f\u007f]/g, (control) => `\\X${control.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}\\`)
    .replace(/[\u0080-\u009f\u2028\u2029]/g, ' ');
}

/**
 * A value without the spaces and NUL that fill it up to an even length (PS3.5 §6.2). No regular expression: `/[\0 ]+$/` begins again at each
 * space: on a text of megabytes of spaces that is no end of work.
 */
export function withoutPadding(text: string): string {
  let end = text.length;
  while (end > 0 && (text.charCodeAt(end - 1) === 0x20 || text.charCodeAt(end - 1) === 0)) end--;
  return end === text.length ? text : text.slice(0, end);
}

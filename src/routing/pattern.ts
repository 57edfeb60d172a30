import { RE2JS } from 're2js';

/** Longer values are matched by their beginning: LO and ST, which rules name, have at most 64 and 1,024 characters (PS3.5 §6.2). */
export const maxMatchedLength = 1_024;
const maxPatternLength = 500;

/**
 * One pattern of the configuration: a text with * as wildcard, or a /regular expression/. Case is disregarded.
 *
 * Both run on RE2's automata, in time linear in the value: a sender chooses the value, and the engine of the language, which
 * goes back and tries again, needs minutes for `*chest*pa*lat*` on a long one. RE2 has no backreferences and no look-around.
 */
export interface Pattern {
  matches(value: string): boolean;
}

/** @throws Error for an expression that RE2 does not know, or a pattern of more than 500 characters */
export function compilePattern(text: string): Pattern {
  if (text.length > maxPatternLength) throw new Error(`a pattern of more than ${maxPatternLength} characters`);
  const written = /^\/(.*)\/i?$/s.exec(text);
  const expression = written
    ? RE2JS.compile(written[1]!, RE2JS.CASE_INSENSITIVE)
    : RE2JS.compile(
        `^(?:${text
          .split('*')
          .map((part) => RE2JS.quote(part))
          .join('.*')})$`,
        RE2JS.CASE_INSENSITIVE | RE2JS.DOTALL,
      );
  return { matches: (value) => expression.matcher(value.slice(0, maxMatchedLength)).find() };
}

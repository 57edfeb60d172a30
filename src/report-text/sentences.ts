import { fold } from './words.js';

/** Where a sentence stands in the text. */
export interface Sentence {
  readonly start: number;
  readonly end: number;
}

/** Lines that are shorter were not wrapped. */
const minWrapWidth = 50;

/**
 * Sentences end at . ! ? and where a new line begins one. Reports that were sent line by line are wrapped at some width: a line goes on in
 * the next one if the next word would not have fitted into it.
 *
 * @param abbreviations folded, with their full stops ("z.n.")
 */
export function sentencesOf(text: string, from: number, to: number, abbreviations: ReadonlySet<string>): readonly Sentence[] {
  const width = Math.max(
    ...text
      .slice(from, to)
      .split('\n')
      .map((line) => line.trimEnd().length),
  );
  const sentences: Sentence[] = [];
  let start = from;
  const endAt = (end: number): void => {
    if (/[\p{L}\p{N}]/u.test(text.slice(start, end))) sentences.push({ start, end });
    start = end;
  };
  for (let at = from; at < to; at++) {
    const character = text[at]!;
    if (
      character === '\n'
        ? !isWrapped(text, at, to, width)
        : /[!?]/.test(character) || (character === '.' && isFullStop(text, at, to, abbreviations))
    )
      endAt(at + 1);
  }
  endAt(to);
  return sentences;
}

function isWrapped(text: string, at: number, to: number, width: number): boolean {
  const line = text.slice(text.lastIndexOf('\n', at - 1) + 1, at).trimEnd();
  const next = /^[ \t]*(\S+)/.exec(text.slice(at + 1, Math.min(to, at + 200)))?.[1];
  if (line === '' || next === undefined || /^(?:[-–•*·]|\d+[.)])/.test(next)) return false;
  if (/[.:;!?]$/.test(line)) return false;
  if (/[,-]$/.test(line) || /^\p{Ll}/u.test(next)) return true;
  return width >= minWrapWidth && line.length + 1 + next.length > width;
}

function isFullStop(text: string, at: number, to: number, abbreviations: ReadonlySet<string>): boolean {
  const next = text.slice(at + 1, Math.min(to, at + 40));
  if (/^\S/.test(next) && !/^["')\]]/.test(next)) return false;
  const word = fold(/\S*$/.exec(text.slice(Math.max(0, at - 30), at))![0]).replace(/^[("']+/, '');
  // "V.", "a." and "1." belong to what follows.
  if (/^(?:\p{L}|\d{1,2}|(?:\p{L}\.)+\p{L})$/u.test(word)) return next.trim() === '';
  if (abbreviations.has(`${word}.`)) return next.trim() === '';
  return true;
}

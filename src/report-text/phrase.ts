import { wordsOf, type Word } from './words.js';

/** Words between two parts of a phrase that are written apart: "heart .. enlarged". */
const maxGap = 3;

type Part = { readonly kind: 'word'; matches(folded: string): boolean } | { readonly kind: 'gap' };

/** A phrase of the rules, ready to be looked for. */
export interface Phrase {
  readonly text: string;
  readonly parts: readonly Part[];
}

/** Where a phrase stands among the words of a sentence: from `start`, inclusive, to `end`, exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
  /** Words inside it that the phrase does not name: those of its gaps. */
  readonly gaps: readonly number[];
}

/** @param text words; `*` at the beginning or end of a word stands for any letters, `..` for up to three words */
export function compilePhrase(text: string): Phrase {
  const parts = text
    .split(/(\s*\.\.\s*)/)
    .flatMap((piece): readonly Part[] =>
      /^\s*\.\.\s*$/.test(piece) ? [{ kind: 'gap' }] : wordsOf(piece).map(({ folded }) => wordPart(folded)),
    );
  return { text, parts };
}

function wordPart(pattern: string): Part {
  if (!pattern.includes('*')) return { kind: 'word', matches: (folded) => folded === pattern };
  const inner = pattern.replace(/^\*|\*$/g, '');
  const [isOpenBefore, isOpenAfter] = [pattern.startsWith('*'), pattern.endsWith('*')];
  return {
    kind: 'word',
    matches: (folded) =>
      isOpenBefore && isOpenAfter
        ? folded.includes(inner)
        : isOpenBefore
          ? folded.endsWith(inner)
          : isOpenAfter
            ? folded.startsWith(inner)
            : folded === inner,
  };
}

/** Finds phrases among the words of a sentence. */
export type FindPhrases<One extends Phrase> = (words: readonly Word[]) => readonly (Span & { readonly phrase: One })[];

/** Words whose phrases are remembered; reports have few different ones. */
const maxRemembered = 20_000;

/** Prepares phrases, so that at each word only those are tried that can begin with it. */
export function phraseFinder<One extends Phrase>(phrases: readonly One[]): FindPhrases<One> {
  const beginningWith = new Map<string, readonly One[]>();
  const candidates = (folded: string): readonly One[] => {
    const known = beginningWith.get(folded);
    if (known) return known;
    const found = phrases.filter(({ parts: [first] }) => first?.kind === 'word' && first.matches(folded));
    if (beginningWith.size >= maxRemembered) beginningWith.clear();
    beginningWith.set(folded, found);
    return found;
  };
  return (words) =>
    words.flatMap(({ folded }, start) =>
      candidates(folded).flatMap((phrase) => {
        const span = matchFrom(phrase.parts, 0, words, start, []);
        return span === undefined ? [] : [{ start, ...span, phrase }];
      }),
    );
}

function matchFrom(
  parts: readonly Part[],
  index: number,
  words: readonly Word[],
  at: number,
  gaps: readonly number[],
): Omit<Span, 'start'> | undefined {
  const part = parts[index];
  if (part === undefined) return { end: at, gaps };
  if (part.kind === 'word') {
    const word = words[at];
    return word !== undefined && part.matches(word.folded) ? matchFrom(parts, index + 1, words, at + 1, gaps) : undefined;
  }
  for (let skipped = 0; skipped <= maxGap && at + skipped < words.length; skipped++) {
    // A gap does not reach into the next clause.
    if (skipped > 0 && /^[,;:()-]$/.test(words[at + skipped - 1]!.folded)) return undefined;
    const more = Array.from({ length: skipped }, (_, offset) => at + offset);
    const rest = matchFrom(parts, index + 1, words, at + skipped, [...gaps, ...more]);
    if (rest !== undefined) return rest;
  }
  return undefined;
}

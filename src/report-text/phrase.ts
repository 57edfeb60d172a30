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

/** Each place of a phrase, the longest at each word. */
export function findPhrase({ parts }: Phrase, words: readonly Word[]): readonly Span[] {
  const found: Span[] = [];
  for (let start = 0; start < words.length; start++) {
    const span = matchFrom(parts, 0, words, start, []);
    if (span !== undefined) found.push({ start, ...span });
  }
  return found;
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

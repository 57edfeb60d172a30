import type { FindPhrases, Phrase, Span } from './phrase.js';
import type { Word } from './words.js';

/** What a cue means for a finding in its reach. */
export type CueMeaning = 'negation' | 'uncertainty' | 'not-now';

export interface CuePhrase extends Phrase {
  readonly meaning: CueMeaning | 'none';
  /** Whether the finding stands after or before the cue. */
  readonly side: 'before' | 'after' | 'none';
}

/** A cue in a sentence. */
export interface Cue extends Span {
  readonly meaning: CueMeaning;
  /** `before`: it reaches to findings after it. */
  readonly side: 'before' | 'after';
}

/** Cues of a sentence in their order; of cues that overlap the longest counts, so that "no change" is not "no". */
export function cuesIn(find: FindPhrases<CuePhrase>, words: readonly Word[]): readonly Cue[] {
  const found = find(words)
    .map(({ phrase: { meaning, side }, ...span }) => ({ ...span, meaning, side }))
    .sort((one, other) => other.end - other.start - (one.end - one.start) || one.start - other.start);
  const chosen: typeof found = [];
  for (const one of found) if (!chosen.some((other) => overlap(one, other) && !isSamePlace(one, other))) chosen.push(one);
  return chosen
    .filter((one): one is typeof one & Cue => one.meaning !== 'none' && one.side !== 'none')
    .sort((one, other) => one.start - other.start);
}

/** Words that are a cue before and a cue after: "unlikely". */
function isSamePlace(one: { readonly start: number; readonly end: number; readonly side: string }, other: typeof one): boolean {
  return one.start === other.start && one.end === other.end && one.side !== other.side && one.side !== 'none' && other.side !== 'none';
}

/** "Is likely atelectasis": the uncertainty is about what follows directly, not about what stands before. */
export function turnedToFollowing(cues: readonly Cue[], terms: readonly Span[]): readonly Cue[] {
  return cues.map((cue) =>
    cue.side === 'after' && cue.meaning === 'uncertainty' && terms.some(({ start }) => start === cue.end) && !isTwoSided(cue, cues)
      ? { ...cue, side: 'before' as const }
      : cue,
  );
}

function isTwoSided(cue: Cue, cues: readonly Cue[]): boolean {
  return cues.some((other) => other.start === cue.start && other.side === 'before');
}

export function overlap(one: Pick<Span, 'start' | 'end'>, other: Pick<Span, 'start' | 'end'>): boolean {
  return one.start < other.end && other.start < one.end;
}

/** What else decides whether a cue reaches a finding. */
export interface Clause {
  readonly words: readonly Word[];
  readonly cues: readonly Cue[];
  readonly terminators: readonly Span[];
  /** Places of all terms. */
  readonly terms: readonly Span[];
  readonly reach: number;
}

/**
 * The cue that decides on a term: one inside its gaps, else the nearest that reaches it; if one before and one after are equally near, the
 * one that is not a negation.
 */
export function decidingCue(term: Span, clause: Clause): Cue | undefined {
  const inside = clause.cues.find((cue) => term.gaps.some((gap) => gap >= cue.start && gap < cue.end));
  if (inside) return inside;
  const before = cueBefore(term, clause);
  const after = cueAfter(term, clause);
  if (!before || !after) return before ?? after;
  // "The previous nodule is no longer seen": what is stated of it now counts.
  if (before.meaning === 'not-now') return after;
  const [distanceBefore, distanceAfter] = [term.start - before.end, after.start - term.end];
  if (distanceBefore !== distanceAfter) return distanceBefore < distanceAfter ? before : after;
  return before.meaning === 'negation' ? after : before;
}

function cueBefore(term: Span, clause: Clause): Cue | undefined {
  const { cues, reach } = clause;
  const candidates = cues.filter((cue) => cue.side === 'before' && cue.end <= term.start);
  const nearest = candidates.at(-1);
  if (!nearest || term.start - nearest.end > reach || isEnded(nearest.end, term.start, clause)) return undefined;
  // "No findings suspicious for pneumonia": the suspicion itself is denied.
  const earlier = candidates.at(-2);
  if (
    nearest.meaning === 'uncertainty' &&
    earlier?.meaning === 'negation' &&
    nearest.start - earlier.end <= reach &&
    !isEnded(earlier.end, nearest.start, clause) &&
    !hasComma(clause.words, earlier.end, nearest.start) &&
    !clause.terms.some((other) => other.start >= earlier.end && other.end <= nearest.start)
  )
    return earlier;
  return nearest;
}

function cueAfter(term: Span, clause: Clause): Cue | undefined {
  const { cues, words, reach } = clause;
  const nearest = cues.find((cue) => cue.side === 'after' && cue.start >= term.end);
  if (!nearest || nearest.start - term.end > reach || isEnded(term.end, nearest.start, clause)) return undefined;
  // A list of findings ("effusion, consolidation and nodules are not seen") is one clause; otherwise a comma begins the next one.
  const isListed = nearest.meaning === 'negation' && words[term.end]?.folded === ',';
  return !isListed && hasComma(words, term.end, nearest.start) ? undefined : nearest;
}

function isEnded(from: number, to: number, { terminators }: Clause): boolean {
  return terminators.some((one) => one.start >= from && one.end <= to);
}

function hasComma(words: readonly Word[], from: number, to: number): boolean {
  return words.slice(from, to).some(({ folded }) => folded === ',');
}

import { cuesIn, decidingCue, overlap, turnedToFollowing, type Clause, type Cue, type CueMeaning, type CuePhrase } from './cues.js';
import { compilePhrase, phraseFinder, type Phrase, type Span } from './phrase.js';
import type { ReportTextRules } from './rules.js';
import type { Word } from './words.js';

/** Why a mention counts as it does. */
export type MentionReason = 'stated' | CueMeaning | 'absent-statement' | 'other-meaning';

/** A mention of a finding in a sentence, by the places of its words. */
export interface SentenceMention {
  readonly finding: string;
  readonly span: Span;
  readonly cue?: Span | undefined;
  /** `ignored`: it does not count. */
  readonly outcome: 'present' | 'absent' | 'uncertain' | 'ignored';
  readonly reason: MentionReason;
}

/** A phrase of a finding. */
interface FindingPhrase extends Phrase {
  readonly finding: string;
  /** `except`: words in which a term means something else; `absent`: a statement that the finding is absent. */
  readonly role: 'term' | 'except' | 'absent';
}

export type ReadSentence = (words: readonly Word[]) => { readonly mentions: readonly SentenceMention[]; readonly isNormal: boolean };

/** Prepares the rules once, for any number of sentences. */
export function sentenceReader(rules: ReportTextRules): ReadSentence {
  const findFindings = phraseFinder(findingPhrasesOf(rules));
  const findCues = phraseFinder(cuePhrasesOf(rules));
  const findTerminators = phraseFinder(rules.cues.terminators.map(compilePhrase));
  const findNormal = phraseFinder(rules.normal.map(compilePhrase));
  const names = Object.keys(rules.findings);
  return (words) => {
    const spans = findFindings(words);
    const normal = findNormal(words);
    if (spans.length === 0 && normal.length === 0) return { mentions: [], isNormal: false };
    const places = names.map((name) => placesOf(name, spans)).filter(({ all, denials }) => all.length + denials.length > 0);
    const terms = places.flatMap(({ found }) => found);
    const outside = cuesIn(findCues, words).filter((cue) => !terms.some((term) => overlap(cue, term) && !term.gaps.includes(cue.start)));
    const cues = turnedToFollowing(outside, terms);
    const clause: Clause = { words, cues, terminators: findTerminators(words), terms, reach: rules.reach };
    return {
      mentions: places.flatMap((one) => mentionsOf(one, clause)),
      isNormal: normal.some((span) => cueOfStatement(span, clause) === undefined),
    };
  };
}

type Places = ReturnType<typeof placesOf>;

/** Places of a finding's terms, of terms that mean something else there, and of statements that it is absent. */
function placesOf(finding: string, spans: readonly (Span & { readonly phrase: FindingPhrase })[]) {
  const of = (role: FindingPhrase['role']): readonly Span[] =>
    spans.filter(({ phrase }) => phrase.finding === finding && phrase.role === role);
  const all = longest(of('term'));
  const exceptions = of('except');
  const isOther = (span: Span): boolean => exceptions.some((one) => overlap(one, span));
  return { finding, all, found: all.filter((span) => !isOther(span)), others: all.filter(isOther), denials: longest(of('absent')) };
}

function mentionsOf({ finding, found, others, denials }: Places, clause: Clause): readonly SentenceMention[] {
  return [
    ...found
      .filter((span) => !denials.some((denial) => overlap(span, denial)))
      .map((span) => {
        const cue = decidingCue(span, clause);
        return { finding, span, cue, outcome: outcomeBy(cue?.meaning), reason: cue?.meaning ?? ('stated' as const) };
      }),
    ...others.map((span) => ({ finding, span, outcome: 'ignored' as const, reason: 'other-meaning' as const })),
    ...denials.map((span) => {
      const cue = cueOfStatement(span, clause);
      return cue
        ? { finding, span, cue, outcome: 'ignored' as const, reason: cue.meaning }
        : { finding, span, outcome: 'absent' as const, reason: 'absent-statement' as const };
    }),
  ];
}

/** A whole statement ("no infiltrate", "heart is normal") is denied only in its middle; a doubt, or the past, is outside. */
function cueOfStatement(span: Span, clause: Clause): Cue | undefined {
  const isInGap = (cue: Cue): boolean => span.gaps.some((gap) => gap >= cue.start && gap < cue.end);
  return decidingCue(span, {
    ...clause,
    cues: clause.cues.filter((cue) => isInGap(cue) || (cue.meaning !== 'negation' && !overlap(cue, span))),
  });
}

function outcomeBy(meaning: CueMeaning | undefined): SentenceMention['outcome'] {
  if (meaning === undefined) return 'present';
  return ({ negation: 'absent', uncertainty: 'uncertain', 'not-now': 'ignored' } as const)[meaning];
}

function longest(spans: readonly Span[]): readonly Span[] {
  const chosen: Span[] = [];
  for (const span of [...spans].sort((one, other) => other.end - other.start - (one.end - one.start)))
    if (!chosen.some((other) => overlap(span, other))) chosen.push(span);
  return chosen.sort((one, other) => one.start - other.start);
}

function findingPhrasesOf({ findings }: ReportTextRules): readonly FindingPhrase[] {
  return Object.entries(findings).flatMap(([finding, { terms, except, absent }]) =>
    (
      [
        ['term', terms],
        ['except', except],
        ['absent', absent],
      ] as const
    ).flatMap(([role, texts]) => texts.map((text) => ({ ...compilePhrase(text), finding, role }))),
  );
}

function cuePhrasesOf({ cues }: ReportTextRules): readonly CuePhrase[] {
  const of = (texts: readonly string[], meaning: CuePhrase['meaning'], side: CuePhrase['side']): readonly CuePhrase[] =>
    texts.map((text) => ({ ...compilePhrase(text), meaning, side }));
  return [
    ...of(cues.noCue, 'none', 'none'),
    ...of(cues.negationBefore, 'negation', 'before'),
    ...of(cues.negationAfter, 'negation', 'after'),
    ...of(cues.uncertaintyBefore, 'uncertainty', 'before'),
    ...of(cues.uncertaintyAfter, 'uncertainty', 'after'),
    ...of(cues.notNowBefore, 'not-now', 'before'),
    ...of(cues.notNowAfter, 'not-now', 'after'),
  ];
}

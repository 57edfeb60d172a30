import { cuesIn, decidingCue, overlap, type Clause, type CueMeaning, type CuePhrase } from './cues.js';
import { compilePhrase, findPhrase, type Phrase, type Span } from './phrase.js';
import type { ReportTextRules } from './rules.js';
import { sectionFinder, type Section } from './sections.js';
import { sentencesOf } from './sentences.js';
import { fold, wordsOf, type Word } from './words.js';

/** What a report states about a finding. */
export type ReportedOutcome = 'present' | 'absent' | 'uncertain' | 'not-mentioned';

/** Why a mention counts as it does. */
export type MentionReason = 'stated' | CueMeaning | 'absent-statement' | 'normal-statement' | 'ignored-section' | 'other-meaning';

/** A place in the text that mentions a finding. */
export interface FindingMention {
  readonly finding: string;
  /** `ignored`: it does not count. */
  readonly outcome: 'present' | 'absent' | 'uncertain' | 'ignored';
  readonly reason: MentionReason;
  /** As they stand in the text. */
  readonly words: string;
  readonly cue?: string;
  readonly sentence: string;
  readonly section?: string;
}

export interface TextFinding {
  readonly name: string;
  readonly outcome: ReportedOutcome;
  /** `rule`: the text does not mention it, and its rule decides; a name: the finding that it includes. */
  readonly because: 'mentions' | 'normal-statement' | 'rule' | 'nothing' | { readonly includes: string };
  readonly mentions: readonly FindingMention[];
}

/** Reads the findings of a report; in the order of the rules. */
export type ReadFindings = (text: string) => readonly TextFinding[];

interface CompiledFinding {
  readonly name: string;
  readonly rule: ReportTextRules['findings'][string];
  readonly terms: readonly Phrase[];
  readonly except: readonly Phrase[];
  readonly absent: readonly Phrase[];
}

/** Prepares the rules once, for any number of reports. */
export function findingsReader(rules: ReportTextRules): ReadFindings {
  const compile = (texts: readonly string[]): readonly Phrase[] => texts.map(compilePhrase);
  const findings = Object.entries(rules.findings).map(
    ([name, rule]): CompiledFinding => ({
      name,
      rule,
      terms: compile(rule.terms),
      except: compile(rule.except),
      absent: compile(rule.absent),
    }),
  );
  const cuePhrases = cuePhrasesOf(rules);
  const terminators = compile(rules.cues.terminators);
  const normal = compile(rules.normal);
  const findSections = sectionFinder(rules.sections.read, rules.sections.ignored);
  const abbreviations = new Set(rules.abbreviations.map(fold));

  return (given) => {
    const text = given.replace(/\r\n?/g, '\n');
    const mentions: FindingMention[] = [];
    let isNormal = false;
    for (const section of findSections(text))
      for (const { start, end } of sentencesOf(text, section.start, section.end, abbreviations)) {
        const words = wordsOf(text.slice(start, end), start);
        const read = readSentence(words);
        isNormal ||= read.isNormal && section.isRead;
        mentions.push(...read.mentions.map((one) => inText(one, text, { start, end }, words, section)));
      }
    return withIncluded(
      findings.map(({ name, rule }) =>
        outcomeOf(
          name,
          rule,
          mentions.filter(({ finding }) => finding === name),
          isNormal,
        ),
      ),
      rules,
    );
  };

  function readSentence(words: readonly Word[]): { readonly mentions: readonly SentenceMention[]; readonly isNormal: boolean } {
    const places = findings.map((one) => ({ ...one, ...placesOf(one, words) }));
    const terms = places.flatMap(({ found }) => found);
    const cues = cuesIn(cuePhrases, words).filter((cue) => !terms.some((term) => overlap(cue, term) && !term.gaps.includes(cue.start)));
    const clause: Clause = { words, cues, terminators: terminators.flatMap((one) => findPhrase(one, words)), terms, reach: rules.reach };
    const read = places.flatMap(({ name, found, others, denials }): readonly SentenceMention[] => [
      ...found
        .filter((span) => !denials.some((denial) => overlap(span, denial)))
        .map((span) => {
          const cue = decidingCue(span, clause);
          return { finding: name, span, cue, outcome: outcomeBy(cue?.meaning), reason: cue?.meaning ?? ('stated' as const) };
        }),
      ...others.map((span) => ({ finding: name, span, outcome: 'ignored' as const, reason: 'other-meaning' as const })),
      ...denials.map((span) => {
        const cue = decidingCue(span, { ...clause, cues: clause.cues.filter((one) => !overlap(one, span)) });
        return cue
          ? { finding: name, span, cue, outcome: 'ignored' as const, reason: cue.meaning }
          : { finding: name, span, outcome: 'absent' as const, reason: 'absent-statement' as const };
      }),
    ]);
    const isNormal = normal
      .flatMap((one) => findPhrase(one, words))
      .some((span) => decidingCue(span, { ...clause, cues: clause.cues.filter((one) => !overlap(one, span)) }) === undefined);
    return { mentions: read, isNormal };
  }
}

interface SentenceMention {
  readonly finding: string;
  readonly span: Span;
  readonly cue?: Span | undefined;
  readonly outcome: FindingMention['outcome'];
  readonly reason: MentionReason;
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

/** Places of a finding's terms, of terms that mean something else there, and of statements that it is absent. */
function placesOf({ terms, except, absent }: CompiledFinding, words: readonly Word[]) {
  const all = longest(terms.flatMap((one) => findPhrase(one, words)));
  const exceptions = except.flatMap((one) => findPhrase(one, words));
  const isOther = (span: Span): boolean => exceptions.some((one) => overlap(one, span));
  return {
    found: all.filter((span) => !isOther(span)),
    others: all.filter(isOther),
    denials: longest(absent.flatMap((one) => findPhrase(one, words))),
  };
}

function longest(spans: readonly Span[]): readonly Span[] {
  const chosen: Span[] = [];
  for (const span of [...spans].sort((one, other) => other.end - other.start - (one.end - one.start)))
    if (!chosen.some((other) => overlap(span, other))) chosen.push(span);
  return chosen.sort((one, other) => one.start - other.start);
}

function outcomeBy(meaning: CueMeaning | undefined): FindingMention['outcome'] {
  if (meaning === undefined) return 'present';
  return ({ negation: 'absent', uncertainty: 'uncertain', 'not-now': 'ignored' } as const)[meaning];
}

function inText(
  { finding, span, cue, outcome, reason }: SentenceMention,
  text: string,
  { start, end }: { readonly start: number; readonly end: number },
  words: readonly Word[],
  { heading, isRead }: Section,
): FindingMention {
  const written = (one: Span): string => text.slice(words[one.start]!.start, words[one.end - 1]!.end).replace(/\s+/g, ' ');
  return {
    finding,
    outcome: isRead ? outcome : 'ignored',
    reason: isRead ? reason : 'ignored-section',
    words: written(span),
    ...(cue && isRead ? { cue: written(cue) } : {}),
    sentence: text.slice(start, end).replace(/\s+/g, ' ').trim(),
    ...(heading === undefined ? {} : { section: heading }),
  };
}

/** The strongest statement counts: present, then uncertain, then absent. */
function outcomeOf(
  name: string,
  { normalMeansAbsent, notMentioned }: ReportTextRules['findings'][string],
  mentions: readonly FindingMention[],
  isNormal: boolean,
): TextFinding {
  for (const outcome of ['present', 'uncertain', 'absent'] as const)
    if (mentions.some((one) => one.outcome === outcome)) return { name, outcome, because: 'mentions', mentions };
  if (isNormal && normalMeansAbsent) return { name, outcome: 'absent', because: 'normal-statement', mentions };
  if (notMentioned === 'absent') return { name, outcome: 'absent', because: 'rule', mentions };
  return { name, outcome: 'not-mentioned', because: 'nothing', mentions };
}

/** A finding is present, or uncertain, if one that it includes is. */
function withIncluded(findings: readonly TextFinding[], { findings: rules }: ReportTextRules): readonly TextFinding[] {
  const own = new Map(findings.map((one) => [one.name, one]));
  const included = (name: string): readonly string[] => rules[name]!.includes.flatMap((one) => [one, ...included(one)]);
  return findings.map((finding) => {
    for (const outcome of ['present', 'uncertain'] as const) {
      if (finding.outcome === outcome) return finding;
      const kind = included(finding.name).find((one) => own.get(one)?.outcome === outcome);
      if (kind !== undefined) return { ...finding, outcome, because: { includes: kind } };
    }
    return finding;
  });
}

import { sentenceReader, type SentenceMention } from './read-sentence.js';
import type { ReportTextRules } from './rules.js';
import { sectionFinder, type Section } from './sections.js';
import { sentencesOf } from './sentences.js';
import { fold, wordsOf, type Word } from './words.js';

/** What a report states about a finding. */
export type ReportedOutcome = 'present' | 'absent' | 'uncertain' | 'not-mentioned';

/** A place in the text that mentions a finding. */
export interface FindingMention {
  readonly finding: string;
  /** `ignored`: it does not count. */
  readonly outcome: 'present' | 'absent' | 'uncertain' | 'ignored';
  readonly reason: SentenceMention['reason'] | 'ignored-section';
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

/** Prepares the rules once, for any number of reports. */
export function findingsReader(rules: ReportTextRules): ReadFindings {
  const readSentence = sentenceReader(rules);
  const findSections = sectionFinder(rules.sections.read, rules.sections.ignored);
  const abbreviations = new Set(rules.abbreviations.map(fold));
  return (report) => {
    const mentions: FindingMention[] = [];
    let isNormal = false;
    for (const text of report.replace(/\r\n?/g, '\n').split('\f'))
      for (const section of findSections(text))
        for (const { start, end } of sentencesOf(text, section.start, section.end, abbreviations))
          for (const words of inPieces(wordsOf(text.slice(start, end), start))) {
            const read = readSentence(words);
            isNormal ||= read.isNormal && section.isRead;
            mentions.push(...read.mentions.map((one) => inText(one, text, words, section)));
          }
    return withIncluded(
      Object.entries(rules.findings).map(([name, rule]) =>
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
}

/** A text without full stops is no sentence; in pieces it is read in a time that is proportional to its length. */
const maxWordsOfSentence = 200;

function inPieces(words: readonly Word[]): readonly (readonly Word[])[] {
  return Array.from({ length: Math.ceil(words.length / maxWordsOfSentence) }, (_, index) =>
    words.slice(index * maxWordsOfSentence, (index + 1) * maxWordsOfSentence),
  );
}

function inText(
  { finding, span, cue, outcome, reason }: SentenceMention,
  text: string,
  words: readonly Word[],
  { heading, isRead }: Section,
): FindingMention {
  const written = (one: SentenceMention['span']): string =>
    text.slice(words[one.start]!.start, words[one.end - 1]!.end).replace(/\s+/g, ' ');
  return {
    finding,
    outcome: isRead ? outcome : 'ignored',
    reason: isRead ? reason : 'ignored-section',
    words: written(span),
    ...(cue && isRead ? { cue: written(cue) } : {}),
    sentence: text.slice(words[0]!.start, words.at(-1)!.end).replace(/\s+/g, ' '),
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

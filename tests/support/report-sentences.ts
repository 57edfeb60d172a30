import { join } from 'node:path';
import { z } from 'zod';
import { loadConfigFile } from '../../src/config-file.js';
import { projectRoot } from '../../src/config.js';
import { findingsReader, type ReadFindings, type ReportedOutcome, type TextFinding } from '../../src/report-text/read-findings.js';
import { loadReportRules } from '../../src/report-text/rules.js';

/** A sentence or a short report, and what it states. */
export interface ReportSentence {
  readonly text: string;
  /** Findings that it mentions. */
  readonly is: Readonly<Record<string, 'present' | 'absent' | 'uncertain'>>;
  /** Whether it calls the whole study normal. */
  readonly normal: boolean;
}

const schema = z.array(
  z.strictObject({
    text: z.string(),
    is: z.record(z.string(), z.enum(['present', 'absent', 'uncertain'])),
    normal: z.boolean().default(false),
  }),
);

/** Sets of tests/fixtures/report-text: those by which the rules were made, and those that were written afterwards. */
export const sentenceSets = ['sentences-en', 'sentences-de', 'later-en', 'later-de'] as const;

export function reportSentences(set: (typeof sentenceSets)[number]): readonly ReportSentence[] {
  return loadConfigFile(join(projectRoot, 'tests/fixtures/report-text', `${set}.yaml`), schema);
}

export function shippedReader(): ReadFindings {
  return findingsReader(loadReportRules(join(projectRoot, 'config/report-findings.yaml')));
}

/** What the text itself states: not what follows from a finding that is included, or from a normal statement. */
export function statedOutcome({ outcome, because }: TextFinding): ReportedOutcome {
  return because === 'mentions' ? outcome : 'not-mentioned';
}

export interface Disagreement {
  readonly text: string;
  readonly finding: string;
  readonly expected: ReportedOutcome;
  readonly found: ReportedOutcome;
}

/** How often the rules read what was expected; a statement is a finding that is expected or found in a text. */
export function compareSentences(sentences: readonly ReportSentence[], read: ReadFindings) {
  const wrong: Disagreement[] = [];
  let statements = 0;
  let rightTexts = 0;
  for (const { text, is, normal } of sentences) {
    const before = wrong.length;
    const findings = read(text);
    for (const finding of findings) {
      const expected = is[finding.name] ?? 'not-mentioned';
      const found = statedOutcome(finding);
      if (expected === 'not-mentioned' && found === 'not-mentioned') continue;
      statements++;
      if (expected !== found) wrong.push({ text, finding: finding.name, expected, found });
    }
    const isNormal = findings.some(({ because }) => because === 'normal-statement');
    if (isNormal !== normal)
      wrong.push({ text, finding: 'normal', expected: normal ? 'present' : 'absent', found: isNormal ? 'present' : 'absent' });
    if (wrong.length === before) rightTexts++;
  }
  return { texts: sentences.length, rightTexts, statements, wrong };
}

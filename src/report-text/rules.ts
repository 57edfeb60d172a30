import { z } from 'zod';
import { loadConfigFile, parseConfig } from '../config-file.js';
import { Fault } from '../errors.js';
import { wordsOf } from './words.js';

/*
 * The rules by which findings are read from report texts: config/report-findings.yaml, which a site can edit. Method: NegEx (Chapman
 * 2001) and ConText (Harkema 2009), with sections and statements that deny a finding as a whole.
 */

const phrase = z
  .string()
  .min(1)
  .max(200)
  .refine((text) => wordsOf(text).some(({ folded }) => /[\p{L}\p{N},;:()?-]/u.test(folded)), 'expected a phrase with a word')
  .refine(
    (text) => !/\p{L}\*\p{L}/u.test(text) && !/(?:^|\s)\*(?:\s|$)/.test(text),
    'expected * only at the beginning or end of a word, such as infiltrat* or *erguss',
  )
  .refine((text) => !/^\s*\.\.|\.\.\s*$/.test(text), 'expected words on both sides of ".."');

const phrases = z.array(phrase).max(2_000);

/** Phrases by language (en, de …): all of them are looked for in every report. */
const byLanguage = z
  .record(z.string().regex(/^[a-z]{2}$/, 'expected a language of two letters, such as en'), phrases)
  .transform((languages) => Object.values(languages).flat());

const cues = z.strictObject({
  /** Before a finding: "no evidence of". */
  negationBefore: byLanguage.default([]),
  /** After it: "is not seen". */
  negationAfter: byLanguage.default([]),
  uncertaintyBefore: byLanguage.default([]),
  uncertaintyAfter: byLanguage.default([]),
  /** A finding after such words belongs to the past, or is a question: "history of", "rule out". */
  notNowBefore: byLanguage.default([]),
  notNowAfter: byLanguage.default([]),
  /** Words that contain a cue and are none: "no change". */
  noCue: byLanguage.default([]),
  /** Where the reach of a cue ends: "but". */
  terminators: byLanguage.default([]),
});

const findingName = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'expected a name of lower-case letters, digits and hyphens, such as pleural-effusion');

const findingRule = z
  .strictObject({
    terms: byLanguage.default([]),
    /** Phrases in which a term does not mean the finding: "pericardial effusion". */
    except: byLanguage.default([]),
    /** Statements that the finding is absent: "costophrenic angles are clear". */
    absent: byLanguage.default([]),
    /** Findings that are a kind of this one: if one of them is present, this one is. */
    includes: z.array(findingName).max(100).default([]),
    /** Whether a normal statement means that it is absent if the report does not mention it. */
    normalMeansAbsent: z.boolean().default(true),
    /** What a report that does not mention it means: nothing, or that it is absent. */
    notMentioned: z.enum(['unknown', 'absent']).default('unknown'),
  })
  .refine((rule) => rule.terms.length + rule.includes.length > 0, { path: ['terms'], error: 'expected terms or includes' });

const schema = z
  .strictObject({
    sections: z.strictObject({
      /** Headings of sections that are read. */
      read: byLanguage.default([]),
      /** Headings of sections that are not: the question, earlier studies. */
      ignored: byLanguage.default([]),
    }),
    /** Words with a full stop that does not end a sentence. */
    abbreviations: byLanguage.default([]),
    cues,
    /** How many words a cue reaches. */
    reach: z.int().min(1).max(100).default(14),
    /** Statements that the whole study is normal. */
    normal: byLanguage.default([]),
    findings: z.record(findingName, findingRule),
  })
  .superRefine(({ findings }, context) => {
    for (const [name, { includes }] of Object.entries(findings)) {
      for (const one of includes)
        if (!Object.hasOwn(findings, one) || one === name)
          context.addIssue({
            code: 'custom',
            path: ['findings', name, 'includes'],
            message: `expected names of other findings of this file, found "${one}"`,
          });
      if (isCircular(name, findings, []))
        context.addIssue({
          code: 'custom',
          path: ['findings', name, 'includes'],
          message: 'expected findings that do not include each other',
        });
    }
  });

function isCircular(
  name: string,
  findings: Readonly<Record<string, { readonly includes: readonly string[] }>>,
  path: readonly string[],
): boolean {
  if (path.includes(name)) return true;
  return path.length < 20 && (findings[name]?.includes ?? []).some((one) => isCircular(one, findings, [...path, name]));
}

export type ReportTextRules = z.output<typeof schema>;

/**
 * @param known names in config/findings.json; without it the names are not checked
 * @throws Fault `config-invalid` with file, line and what was expected; every mistake at once
 */
export function loadReportRules(file: string, known?: readonly string[]): ReportTextRules {
  return checkNames(loadConfigFile(file, schema), file, known);
}

/** As loadReportRules, for a text that was already read. */
export function parseReportRules(text: string, file: string, known?: readonly string[]): ReportTextRules {
  return checkNames(parseConfig(text, file, schema), file, known);
}

function checkNames(rules: ReportTextRules, file: string, known: readonly string[] | undefined): ReportTextRules {
  const unknown = known === undefined ? [] : Object.keys(rules.findings).filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new Fault('config-invalid', `${file}: findings: expected names of config/findings.json, found ${unknown.join(', ')}`);
  return rules;
}

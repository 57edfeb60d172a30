import type { CodedFinding } from '../../server/page-types.js';
import { findingText } from '../texts/finding-name.js';
import type { Translate } from '../texts/languages.js';

/**
 * The finding that a reader types: by its whole name in the language of the page or in English, or by a part that only one has.
 *
 * @returns undefined while several or none fit
 */
export function findingTyped(findings: readonly CodedFinding[], text: string, t: Translate): CodedFinding | undefined {
  const typed = text.trim().toLowerCase();
  if (typed === '') return undefined;
  const namesOf = ({ meaning }: CodedFinding): readonly string[] => [findingText(meaning, t), meaning].map((one) => one.toLowerCase());
  const matching = findings.filter((one) => [...namesOf(one), one.name].some((name) => name.includes(typed)));
  return matching.find((one) => namesOf(one).includes(typed)) ?? (matching.length === 1 ? matching[0] : undefined);
}

/** As a field for one line has it: comments are one paragraph in the SR. */
export function oneLine(text: string): string {
  return text.replace(/[\r\n\t]+/g, ' ');
}

/** Characters of a comment. */
export const maxCommentLength = 2_000;

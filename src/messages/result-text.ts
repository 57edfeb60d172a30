import { priorFindingSentence, priorStudySentence } from '../sr/previous-findings.js';
import { decisionWords, notice, outcomeWords, percentWithoutThresholds } from '../sr/wording.js';
import type { MessageStudy, ResultMessage } from './ports.js';

/** A result in sentences, as HL7 and FHIR messages carry it for people. The words are those of the text report. */

/** Study Time with its offset, if that is stated: HHMMSS+0100. */
export function timeWithOffset({ time, utcOffset = '' }: Pick<MessageStudy, 'time' | 'utcOffset'>): string | undefined {
  return time === undefined ? undefined : `${time}${utcOffset}`;
}

/**
 * The notice first, so that a system that shows only one line shows this one; then what is not absent, or why nothing was analysed, the
 * model, and where the result is shown.
 */
export function resultSentences({ isTest, result, pageUrl }: ResultMessage): readonly string[] {
  const { model } = result;
  return [
    notice,
    ...(isTest ? ['Test message: the values are invented, there is no such study.'] : []),
    ...(result.isCorrection ? ['Replaces the earlier software result of this study.'] : []),
    ...outcomeSentences(result),
    ...(result.prior
      ? [priorStudySentence(result.prior), ...result.prior.findings.map((one) => priorFindingSentence(one, result.prior!))]
      : []),
    `Model: ${model.name}, version ${model.version} (${model.manufacturer}).`,
    ...(pageUrl === undefined ? [] : [`Shown at ${pageUrl}`]),
  ];
}

function outcomeSentences({ outcome, reason, findings }: ResultMessage['result']): readonly string[] {
  if (outcome !== 'reported') {
    const opening = outcomeWords[outcome];
    return [reason === undefined ? `${opening}.` : `${opening}: ${reason}`];
  }
  const noted = findings.filter(({ decision }) => decision !== 'absent');
  const names = [...new Set(findings.map(({ concept }) => concept.meaning))].join(', ');
  const isPresent = noted.some(({ decision }) => decision === 'present');
  const none = findings.length === 0 ? 'The software looked for no finding.' : `None of the findings looked for is present: ${names}.`;
  return [
    ...(isPresent ? [] : [none]),
    ...noted.map((finding) => `${decisionWords[finding.decision]}, ${percentWithoutThresholds(finding)} %: ${finding.wording}.`),
  ];
}

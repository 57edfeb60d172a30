import { csvLine } from '../lib/csv-line.js';
import { probabilityText, type ShownProbability } from '../lib/probability-text.js';

/** A finding of a file. */
export interface FileFinding {
  readonly name: string;
  readonly code: string;
  readonly probability: number;
  readonly decision: ShownProbability['decision'];
  /** Probability and thresholds are the publisher's. */
  readonly isNotCalibratedHere?: true;
  /** Where several models analysed the file. */
  readonly modelVersion?: string;
}

/** What is printed for one file. */
export interface FileResult {
  readonly file: string;
  readonly studyInstanceUID?: string | undefined;
  readonly outcome: 'reported' | 'skipped' | 'failed';
  readonly reason?: string | undefined;
  readonly findings: readonly FileFinding[];
  /** Of other models on the same findings, which do not decide. */
  readonly otherFindings?: readonly FileFinding[] | undefined;
  readonly engine: string;
  readonly modelVersion: string;
}

export interface ResultFormat {
  /** Printed first. */
  readonly head?: string;
  line(result: FileResult): string;
  /** Printed last. */
  readonly foot?: string;
}

/** @param findings the names of all that the model can find: the columns of CSV */
export function resultFormat(format: 'text' | 'json' | 'csv', findings: readonly string[]): ResultFormat {
  if (format === 'json') return { line: (result) => JSON.stringify(result) };
  if (format === 'text') return { line: textOf, foot: '\nNot for diagnosis. Software results, not verified by a physician.' };
  const columns = findings.flatMap((name) => [`${name} probability`, `${name} decision`]);
  return {
    head: csvLine(['file', 'studyInstanceUID', 'outcome', 'reason', ...columns, 'engine', 'modelVersion', 'findings not calibrated here']),
    line: (result) => {
      const cells = findings.flatMap((name) => {
        const found = result.findings.find((one) => one.name === name);
        return found ? [found.probability.toFixed(6), found.decision] : ['', ''];
      });
      return csvLine([
        result.file,
        result.studyInstanceUID ?? '',
        result.outcome,
        result.reason ?? '',
        ...cells,
        result.engine,
        result.modelVersion,
        result.findings
          .filter(({ isNotCalibratedHere }) => isNotCalibratedHere)
          .map(({ name }) => name)
          .join('; '),
      ]);
    },
  };
}

function textOf(result: FileResult): string {
  const findings = result.findings
    .map(
      ({ name, isNotCalibratedHere, ...one }) =>
        `${name} ${probabilityText(one)} % ${one.decision}${isNotCalibratedHere ? ' (not calibrated here)' : ''}`,
    )
    .join(', ');
  return `${result.file}  ${result.outcome}  ${findings || (result.reason ?? '')}`;
}

import { reportHtml } from '../archive/trial-report/report-html.js';
import { reportPdf } from '../archive/trial-report/report-pdf.js';
import { reportLanguages, trialWordsOf, type ReportWords } from '../archive/trial-report/report-texts.js';
import { share } from '../archive/trial-report/report-blocks.js';
import type { TrialReport } from '../archive/trial-report/trial-figures.js';
import { figuresText, sha256Of } from '../archive/trial-report/trial-report.js';
import { Fault } from '../errors.js';
import { writeFileAtomically } from '../lib/atomic-write.js';
import { commandActor } from './administration.js';
import { withBackfills } from './backfill-access.js';
import type { ServiceOptions } from './service-api.js';
import { numberIn } from './backfill.js';

export interface ReportOptions extends ServiceOptions {
  readonly html?: string;
  readonly pdf?: string;
  /** File for the figures that are signed. */
  readonly figures?: string;
  readonly modelVersion?: string;
  readonly language: string;
}

/** `backfill report`: the report of a silent trial as files, and its main figures on the screen. */
export async function writeTrialReport(id: string, options: ReportOptions): Promise<void> {
  const { html, pdf, figures, modelVersion, language, json } = options;
  const words = trialWordsOf(languageIn(language));
  const { report, publicUrl } = await withBackfills(options, async (backfills) => ({
    report: await backfills.report(numberIn(id), modelVersion),
    publicUrl: backfills.publicUrl,
  }));
  if (html !== undefined) await writeFileAtomically(html, reportHtml(report, words, publicUrl));
  if (pdf !== undefined) await writeFileAtomically(pdf, await reportPdf(report, words, publicUrl));
  if (figures !== undefined) await writeFileAtomically(figures, figuresText(report.figures));
  console.log(json ? JSON.stringify(report) : summaryOf(report, words));
}

export interface SignOffOptions extends ServiceOptions {
  readonly name: string;
  readonly role: string;
  readonly accept: boolean;
  readonly reject: boolean;
  readonly comment?: string;
  readonly sha256: string;
  readonly modelVersion?: string;
}

/** `backfill sign-off`: a person's statement on the report of a silent trial. */
export async function signTrialReport(id: string, options: SignOffOptions): Promise<void> {
  const { name, role, accept, reject, comment, sha256, modelVersion, json } = options;
  if (accept === reject) throw new Fault('request-invalid', `expected one of --accept and --reject, found ${accept ? 'both' : 'neither'}`);
  const body = {
    name,
    role,
    isAccepted: accept,
    sha256,
    ...(comment === undefined ? {} : { comment }),
    ...(modelVersion === undefined ? {} : { version: modelVersion }),
  };
  const report = await withBackfills(options, (backfills) => backfills.sign(numberIn(id), body, { actor: commandActor() }));
  console.log(json ? JSON.stringify(report) : signOffLines(report).at(-1));
}

function languageIn(text: string): (typeof reportLanguages)[number] {
  const found = reportLanguages.find((one) => one === text);
  if (!found) throw new Fault('request-invalid', `expected --language as one of ${reportLanguages.join(', ')}, found ${text}`);
  return found;
}

function summaryOf(report: TrialReport, words: ReportWords): string {
  const { figures, sha256 } = report;
  const { backfill, modelVersion, since, until, state, studies } = figures;
  if (sha256Of(figures) !== sha256)
    throw new Fault('request-invalid', 'expected figures with the SHA-256 that the service states, found others');
  return [
    `trial ${backfill}: model ${modelVersion}, ${since} to ${until}, ${state}; ${studies.predicted} of ${studies.found} studies, ${studies.labelled} labelled, ${studies.abstained} abstained`,
    ...figures.findings.map(
      ({ finding, positive, sensitivity, specificity }) =>
        `${finding}: present ${share(positive, words)}; sensitivity ${share(sensitivity, words)}; specificity ${share(specificity, words)}`,
    ),
    ...signOffLines(report),
    `SHA-256 of the figures: ${sha256}`,
    'Not for diagnosis.',
  ].join('\n');
}

function signOffLines({ signOffs }: TrialReport): readonly string[] {
  if (signOffs.length === 0) return ['not signed off'];
  return signOffs.map(
    ({ isAccepted, name, role, signedAt, isForTheseFigures, figuresSha256 }) =>
      `${isAccepted ? 'accepted' : 'not accepted'} by ${name}, ${role}, ${signedAt}${isForTheseFigures ? '' : `; for other figures (${figuresSha256.slice(0, 12)}…)`}`,
  );
}

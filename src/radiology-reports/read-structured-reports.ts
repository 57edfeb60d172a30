import type { StudyInstanceUID } from '../dicom/uid.js';
import { isAboutStudy } from '../sr/own-document.js';
import { readAssessment } from '../sr/read-assessment.js';
import { structuredReportText } from '../sr/report-text.js';
import type { ReceivedReport, ReportTextPorts } from './ports.js';
import { receiveReport, updateReportsOf } from './radiology-report-story.js';
import { reportKeys } from './report-keys.js';

/**
 * Reads the structured reports of other systems in a study. What the PACS no longer contains, or another document replaces, is removed.
 *
 * @param accepts whether a document comes from a system whose documents count (assessments.acceptFrom)
 */
export async function readStructuredReports(
  studyInstanceUID: string,
  accepts: (sopInstanceUID: string) => Promise<boolean>,
  ports: ReportTextPorts,
): Promise<void> {
  const instances = await ports.pacs.retrieveStudyMetadata(studyInstanceUID as StudyInstanceUID);
  // Our own results, and what readers state about them, are no reports.
  const documents = instances
    .filter((one) => !isAboutStudy(one) && readAssessment(one) === undefined)
    .flatMap((one) => structuredReportText(one) ?? [])
    .filter(({ isComplete, isVerified }) => isVerified || (ports.settings.sr === 'complete' && isComplete));
  const replaced = new Set(documents.flatMap(({ predecessors }) => predecessors));
  const present: string[] = [];
  for (const { sopInstanceUID, text, writtenAt } of documents) {
    if (replaced.has(sopInstanceUID) || !(await accepts(sopInstanceUID))) continue;
    const report: ReceivedReport = {
      source: 'sr',
      identifier: sopInstanceUID,
      isWithdrawn: false,
      text,
      studyInstanceUID,
      patients: [],
      statedAt: writtenAt,
    };
    present.push(reportKeys(report, ports).reportKey);
    await receiveReport(report, { actor: 'service' }, ports);
  }
  if (await ports.reports.prune(studyInstanceUID, 'sr', present)) await updateReportsOf(studyInstanceUID, ports);
}

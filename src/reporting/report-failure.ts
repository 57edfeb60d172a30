import { textOf } from '../dicom/data-set.js';
import type { Fault } from '../errors.js';
import { adoptDocuments, findReport } from './adopt-documents.js';
import type { Analysis } from './analysis.js';
import { applyRules } from './choose-images.js';
import { chooseModels } from './choose-models.js';
import { composeDocuments } from './compose-documents.js';
import { evidenceOf } from './evidence.js';
import { outcomeName } from './outcome-name.js';
import type { ReportPorts, StudyResult, StudyToReport } from './ports.js';
import { openContext, type ReportContext } from './report-context.js';
import { reportStudy } from './report-story.js';
import { Stopwatch } from './stopwatch.js';
import { storeDocuments } from './store-documents.js';
import { newResult } from './study-result.js';

/** Records that a study could not be reported, in a document too where the settings ask for one. */
export async function reportFailure(study: StudyToReport, fault: Fault, ports: ReportPorts): Promise<StudyResult> {
  const { pacs, settings, clock, log } = ports;
  const watch = new Stopwatch();
  const metadata = await watch.time('metadata', () => pacs.retrieveStudyMetadata(study.studyInstanceUID));
  const { rule, images, skip } = applyRules(metadata, study, settings);
  if (skip) return reportStudy(study, ports);
  const context = await openContext(study, metadata, rule, images, chooseModels(images.kind, ports).models, pacs, watch);
  const outcome = { kind: 'failed' as const, code: fault.code, reason: fault.message };
  const existing = findReport(context, (one) => outcomeName(one) === outcomeName(outcome));
  if (existing) return { ...adoptDocuments(context, existing, settings, clock.now()), retryable: fault.retryable };
  const analysis = failedAnalysis(context);
  const documents = await composeDocuments(context, outcome, analysis, settings, clock.now());
  const stored = await storeDocuments(documents.toStore, context, pacs, log);
  return { ...newResult(context, documents, stored, analysis, settings), retryable: fault.retryable };
}

function failedAnalysis({ considered }: ReportContext): Analysis {
  const isCt = considered.every((one) => textOf(one, 'Modality')?.toUpperCase() === 'CT');
  return { kind: isCt ? 'ct' : 'xray', evidence: evidenceOf(considered), findings: [], notes: [] };
}

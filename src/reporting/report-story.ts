import { adoptDocuments, findExistingReport } from './adopt-documents.js';
import { outcomeOf, skippedAnalysis } from './analysis.js';
import { applyRules } from './choose-images.js';
import { chooseModels } from './choose-models.js';
import { composeDocuments } from './compose-documents.js';
import { deliverResult, planDeliveries } from './deliver-result.js';
import { followRemoval } from './follow-deleted-study.js';
import { endReport, isReportDue } from './end-report.js';
import { indexResult } from './index-result.js';
import { logResult } from './log-result.js';
import { newChanges } from './new-changes.js';
import type { Delivery, IntakeJob, ReportJob, ReportPorts, StoryPorts, StudyResult, StudyToReport } from './ports.js';
import { priorOf } from './prior-result.js';
import { predictReported } from './predict-reported.js';
import { openContext } from './report-context.js';
import { Stopwatch } from './stopwatch.js';
import { queueReturned } from './queue-returned.js';
import { storeDocuments } from './store-documents.js';
import { checkReadiness, mayContainAssessments, recordArrival, reportJobOf, studyToReport } from './study-intake.js';
import { newResult, skipWithoutDocument } from './study-result.js';

/** The story of a report begins when Orthanc changes: each study that received something is queued for intake. */
export async function followChanges(ports: StoryPorts, signal: AbortSignal): Promise<void> {
  for await (const changes of newChanges(ports, () => queueReturned(ports, signal)))
    for (const { pacsStudyId, isStable, isBacklog } of changes) {
      signal.throwIfAborted();
      await ports.queue.intake({ pacsStudyId }, { startAfterMs: isStable ? 0 : ports.schedule.stabilityCheckMs, isBacklog });
    }
}

/** Intake: is the study complete, and does it contain anything new? @returns false if instances still arrive: check again later */
export async function intake({ pacsStudyId, reanalysisWith }: IntakeJob, isBacklog: boolean, ports: StoryPorts): Promise<boolean> {
  const { studies, index, queue, events, settings } = ports;
  const readiness = await checkReadiness(pacsStudyId, studies, index, settings.routing, reanalysisWith);
  if (readiness.state === 'arriving') return false;
  if (readiness.state === 'deleted' || readiness.state === 'erased') await followRemoval(pacsStudyId, readiness, ports);
  if (mayContainAssessments(readiness)) await events.onOtherDocuments(readiness.studyInstanceUID);
  if (readiness.state !== 'ready') return true;
  await recordArrival(pacsStudyId, readiness, index, events);
  await queue.report(reportJobOf(pacsStudyId, readiness), readiness.priority, isBacklog);
  return true;
}

/** Report: the study gets its one current result, which is indexed and delivered. */
export async function report(job: ReportJob, ports: StoryPorts & ReportPorts): Promise<void> {
  const { index, deliveries, queue, events, observe, log } = ports;
  const { study, request } = await studyToReport(job, index);
  if (!(await isReportDue(job, ports))) return endReport(job, request, index, events);
  const result = await reportStudy(study, ports);
  await indexResult(result, index);
  for (const delivery of await planDeliveries(result, deliveries)) await queue.deliver(delivery);
  await endReport(job, request, index, events);
  logResult(result, log);
  observe(result);
  await events.onResult(study, result);
}

/** Metadata → rule → images → predictions → documents → stored and read back. What is stored already is adopted, so all may be repeated. */
export async function reportStudy(study: StudyToReport, ports: ReportPorts): Promise<StudyResult> {
  const { pacs, settings, clock, log } = ports;
  const watch = new Stopwatch();
  const metadata = await watch.time('metadata', () => pacs.retrieveStudyMetadata(study.studyInstanceUID));
  const { rule, images, skip } = applyRules(metadata, study, settings);
  const chosen = chooseModels(images?.kind, ports);
  const context = await openContext(study, metadata, rule, images, chosen.models, pacs, watch);
  const existing = findExistingReport(context, skip);
  if (existing) return adoptDocuments(context, existing, settings, clock.now());
  if (skip && context.own.current.length === 0) return skipWithoutDocument(context, skip, settings, clock.now());
  const [analysis, prior] = skip
    ? [skippedAnalysis(skip)]
    : await Promise.all([predictReported(images, chosen, rule, ports, watch), priorOf(context, ports)]);
  const documents = await composeDocuments({ ...context, prior }, outcomeOf(analysis), analysis, settings, clock.now());
  const stored = await storeDocuments(documents.toStore, context, pacs, log);
  return newResult(context, documents, stored, analysis, settings);
}

/** Delivery: Orthanc sends the documents to a destination of the rule, until the destination accepts them. */
export async function deliver(delivery: Delivery, { destinations, deliveries, log }: StoryPorts): Promise<void> {
  await deliverResult(delivery, destinations, deliveries, log);
}

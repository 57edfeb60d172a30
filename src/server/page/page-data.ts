import { textOf, type DataSet } from '../../dicom/data-set.js';
import type { AssessmentViewer } from '../assessment-viewer.js';
import { isUsableUid, type SeriesInstanceUID, type SOPInstanceUID, type StudyInstanceUID } from '../../dicom/uid.js';
import { Fault } from '../../errors.js';
import { route } from '../../routing/match.js';
import { destinationName, type RoutingRule } from '../../routing/rules.js';
import { routingOf } from '../../routing/edit-rules.js';
import { seriesFactsOf, type SeriesFacts } from '../../routing/series-facts.js';
import type { AssessmentActions } from '../../assessments/assessments.js';
import type { WorklistReader } from '../../store/worklist-order.js';
import type { PagePort } from '../ports.js';
import type {
  DraftTest,
  HistoryEntry,
  Operations,
  PageFinding,
  RuleTest,
  ShownPatient,
  ShownReading,
  ShownRule,
  StudyPage,
  WorklistRow,
} from '../page-types.js';
import { isOwnDocument } from '../../sr/own-document.js';
import type { ResultRow } from '../../store/results.js';
import { limitOf } from '../../triage/reading-order.js';
import { shownReading, type ReadingParts } from './readings.js';
import { worklistReaderOf } from './worklist-reader.js';
import type { Store } from '../../store/store.js';
import type { ReportPorts } from '../../reporting/ports.js';
import { readHeader } from '../../reporting/upload-header.js';
import { UploadAnalyses } from './analyze-uploads.js';
import { shownFailedJobs } from './failed-jobs.js';
import { priorOfPage } from './prior.js';
import { DisplayFrames } from './display-frames.js';
import { imagesInPacs } from './images-in-pacs.js';
import { NotCalibratedHere } from './not-calibrated.js';
import { pageModels, type ModelParts } from './models.js';
import { searchWorklist } from './search-worklist.js';
import { usableUid } from '../parameters.js';
import { patientOf, pictureOf, studyInPacs, type PagePacs } from './study-in-pacs.js';
import type { DisplayReader } from '../../serving/image-reader.js';
import type { ServingLines } from '../../serving/serving-lines.js';
import type { TriedModels } from '../../serving/tried-models.js';

export interface PageParts extends ModelParts {
  readonly pacs: PagePacs & { readonly orthanc: { system(): Promise<{ readonly version: string }> }; readonly url: string };
  readonly store: Store;
  readonly assessments: Pick<AssessmentActions, 'hidesOthers' | 'readerOf'>;
  readonly reportPorts: ReportPorts;
  readonly frameReader: Pick<DisplayReader, 'readDisplayFrame'>;
  readonly triage: ReadingParts['triage'];
  readonly serving?: Pick<ServingLines, 'acquireChampions'>;
  /** Without it, files are analyzed by the deployed model only. */
  readonly triedModels?: Pick<TriedModels, 'acquire'>;
  /** Names of config/findings.json. */
  readonly findings?: readonly string[];
}

const latencyResults = 200;

/** A version that cannot be read now is not known. */
const none: ReadonlySet<string> = new Set();

/** The data of the page, from the running parts. */
export function pagePortOf(parts: PageParts): PagePort {
  const { pacs, store, jobs, reportPorts, assessments } = parts;
  const uploads = new UploadAnalyses(reportPorts, parts.serving, parts.triedModels);
  const notCalibrated = new NotCalibratedHere(parts.lines);
  const files = new DisplayFrames(pacs, parts.frameReader);
  const { routing } = reportPorts.settings;
  const { triage } = parts;
  const worklistReader = (viewer: AssessmentViewer): WorklistReader => worklistReaderOf(viewer, assessments);
  const readingParts: ReadingParts = { triage, settings: reportPorts.settings };
  return {
    async worklist({ search, language = 'en', order = triage.order, viewer, ...filter }) {
      const { withoutResult = [], ...searched } = search ? await searchWorklist(search, pacs, store.results) : {};
      const now = new Date();
      const overdueSince = limitOf(now, triage.maxWaitMinutes);
      const { rows, next } = await store.worklist.page({
        ...filter,
        ...searched,
        order,
        now,
        overdueSince,
        ...(viewer ? { reader: worklistReader(viewer) } : {}),
      });
      const readers = await store.assessments.readersOf(rows.map(({ studyInstanceUID }) => studyInstanceUID));
      return {
        rows: rows.map(
          (row): WorklistRow => ({
            ...shownRow(row),
            reading: shownReading(row, row.reading, readingParts, now, language),
            assessedBy: (readers.get(row.studyInstanceUID) ?? []).map(({ reader, at }) => ({ reader, at: at?.toISOString() ?? null })),
          }),
        ),
        order,
        ...(next ? { next } : {}),
        // Once, and not where the list is filtered by what only results have.
        ...(withoutResult.length > 0 &&
        !filter.after &&
        !filter.outcome &&
        !filter.present &&
        !filter.reading &&
        !filter.since &&
        !filter.until &&
        !filter.modality
          ? { withoutResult }
          : {}),
      };
    },
    async counts(viewer) {
      const reader = worklistReader(viewer);
      const [outcomes, present, toRead, disagreed] = await Promise.all([
        store.results.countByOutcome(),
        store.worklist.countPresent(),
        store.worklist.countReading('to-read', reader),
        store.worklist.countReading('disagreed', reader),
      ]);
      return { ...outcomes, present, toRead, disagreed };
    },
    async changeToken() {
      // A claim that runs out changes the page, too.
      const [newest, claimed, stats] = await Promise.all([store.worklist.newest(), store.readings.countClaimed(new Date()), jobs.stats()]);
      return JSON.stringify([newest, claimed, stats.map(({ waiting, active, retrying, failed }) => [waiting, active, retrying, failed])]);
    },
    async patients(uids) {
      const found = await Promise.all(
        uids.map(async (uid): Promise<readonly [string, ShownPatient] | undefined> => {
          if (!isUsableUid(uid)) return undefined;
          const [study] = await pacs.dicomWeb
            .searchForStudies({ StudyInstanceUID: uid, includefield: 'StudyDescription' }, { limit: 1 })
            .catch(noneUnlessUnreachable);
          return study && textOf(study, 'StudyInstanceUID') === uid ? [uid, patientOf(study)] : undefined;
        }),
      );
      return Object.fromEntries(found.filter((one) => one !== undefined));
    },
    async study(uid, language = 'en'): Promise<StudyPage> {
      // A study with a UID that the PACS cannot be searched for has a result all the same, with the fault that names the reason.
      const [rows, state, found] = await Promise.all([
        store.results.ofStudy(uid),
        store.readings.find(uid),
        studyInPacs(uid as StudyInstanceUID, pacs).catch(asFault),
      ]);
      if (found instanceof Fault && !isUsableUid(uid) && rows.length === 0)
        throw new Fault('request-invalid', 'expected a UID in the address, found something else');
      if (found instanceof Fault && found.code === 'pacs-not-found' && rows.length === 0) throw found;
      const history = await Promise.all(
        [...rows].sort((a, b) => Number(b.isCurrent) - Number(a.isCurrent)).map((row) => historyEntry(row, store, notCalibrated)),
      );
      const current = rows.find(({ isCurrent }) => isCurrent);
      const reading: { readonly reading?: ShownReading } =
        current && state ? { reading: shownReading(current, state, readingParts, new Date(), language) } : {};
      const known = { studyInstanceUID: uid, history, ...reading };
      if (found instanceof Fault)
        return { ...known, images: [], heatMaps: [], pacs: found.code === 'pacs-not-found' ? 'gone' : 'unreachable' };
      const { image, ...shown } = found;
      const prior = await priorOfPage(current, image, reportPorts.findPrior);
      return { ...known, ...shown, ...(prior ? { prior } : {}), pacs: 'answers' };
    },
    picture: (study, series, instance, frameNumber) =>
      pictureOf(
        {
          study: usableUid(study) as StudyInstanceUID,
          series: usableUid(series) as SeriesInstanceUID,
          instance: usableUid(instance) as SOPInstanceUID,
        },
        frameNumber,
        pacs,
        reportPorts.reader,
      ),
    images: (study) => imagesInPacs(usableUid(study) as StudyInstanceUID, pacs),
    displayFrame: (study, series, instance, frameNumber, signal) =>
      files.displayFrame(
        {
          study: usableUid(study) as StudyInstanceUID,
          series: usableUid(series) as SeriesInstanceUID,
          instance: usableUid(instance) as SOPInstanceUID,
        },
        frameNumber,
        signal,
      ),
    operations: () => operationsOf(parts),
    async testRules(limit) {
      const { rows } = await store.worklist.page({ limit });
      return Promise.all(
        rows.map(async ({ studyInstanceUID }): Promise<RuleTest> => {
          const instances = await pacs.dicomWeb.retrieveStudyMetadata(studyInstanceUID as StudyInstanceUID).catch(asFault);
          if (instances instanceof Fault)
            return { subject: studyInstanceUID, action: 'none', passedOver: [{ rule: '', text: instances.message }] };
          return ruleTest(studyInstanceUID, seriesFactsOf(instances.filter((one) => !isOwnDocument(one))), routing.rules);
        }),
      );
    },
    async testDraft(rules, limit) {
      const draft = routingOf(rules, parts.findings ?? []);
      const { rows } = await store.worklist.page({ limit });
      return Promise.all(
        rows.map(async ({ studyInstanceUID: subject }): Promise<DraftTest> => {
          const instances = await pacs.dicomWeb.retrieveStudyMetadata(subject as StudyInstanceUID).catch(asFault);
          if (instances instanceof Fault) {
            const unknown: RuleTest = { subject, action: 'none', passedOver: [{ rule: '', text: instances.message }] };
            return { before: unknown, after: unknown };
          }
          const facts = seriesFactsOf(instances.filter((one) => !isOwnDocument(one)));
          return { before: ruleTest(subject, facts, routing.rules), after: ruleTest(subject, facts, draft.rules) };
        }),
      );
    },
    async testRulesOn(path, name) {
      return ruleTest(name, seriesFactsOf([await readHeader(path)]), routing.rules);
    },
    analyze: (path, name, options) => uploads.analyze(path, name, options),
    ...pageModels(parts),
  };
}

function shownRow(row: ResultRow): Omit<WorklistRow, 'reading' | 'assessedBy'> {
  return {
    resultId: row.resultId,
    studyInstanceUID: row.studyInstanceUID,
    createdAt: row.createdAt.toISOString(),
    outcome: row.outcome,
    ...(row.code ? { code: row.code } : {}),
    ...(row.reason ? { reason: row.reason } : {}),
    ...(row.rule ? { rule: row.rule } : {}),
    priority: row.priority,
    ...(row.modelVersion ? { modelVersion: row.modelVersion } : {}),
    findings: row.findings.map(shownFinding),
    ...(row.otherFindings.length > 0 ? { otherFindings: row.otherFindings.map(shownFinding) } : {}),
  };
}

function shownFinding({ name, meaning, probability, decision, modelVersion }: ResultRow['findings'][number]): PageFinding {
  return { name, meaning, probability, decision, ...(modelVersion === undefined ? {} : { modelVersion }) };
}

async function historyEntry(row: ResultRow, store: Store, notCalibrated: NotCalibratedHere): Promise<HistoryEntry> {
  const shown = shownRow(row);
  const marked = (findings: readonly PageFinding[]): Promise<readonly PageFinding[]> =>
    Promise.all(
      findings.map(async (one) =>
        one.modelVersion !== undefined && (await notCalibrated.findingsOf(one.modelVersion).catch(() => none)).has(one.name)
          ? { ...one, isNotCalibratedHere: true as const }
          : one,
      ),
    );
  return {
    ...shown,
    findings: await marked(shown.findings),
    ...(shown.otherFindings ? { otherFindings: await marked(shown.otherFindings) } : {}),
    isCurrent: row.isCurrent,
    ...(row.engine ? { engine: row.engine } : {}),
    documents: row.documents,
    deliveries: (await store.deliveries.ofResult(row.resultId)).map(({ destination, state }) => ({ destination, state })),
    timingsMs: row.timingsMs,
  };
}

async function operationsOf({ pacs, store, jobs, reportPorts }: PageParts): Promise<Operations> {
  const model = reportPorts.model();
  const [system, stats, jobsFailed, counts, latest] = await Promise.all([
    pacs.orthanc.system().catch(asFault),
    jobs.stats(),
    jobs.failedJobs(),
    store.results.countByOutcome(),
    store.results.listResults({ outcome: 'reported', limit: latencyResults }),
  ]);
  const failedJobs = await shownFailedJobs(jobsFailed, store);
  return {
    softwareVersion: reportPorts.settings.softwareVersion,
    orthanc: system instanceof Fault ? { state: system.code, url: pacs.url } : { state: 'answers', url: pacs.url, version: system.version },
    database: { state: 'answers', kind: store.kind },
    engine: { name: model.engine.name, why: model.engine.why },
    model: { name: model.name, version: model.version },
    queues: stats.map(({ queue, waiting, active, retrying, failed, oldestAgeMs }) => ({
      queue,
      waiting,
      active,
      retrying,
      failed,
      parked: failed,
      ...(oldestAgeMs === undefined ? {} : { oldestAgeMs }),
    })),
    failedJobs,
    parked: failedJobs,
    rules: reportPorts.settings.routing.rules.map(shownRule),
    latency: latencyOf(latest.results.map((one) => one.timingsMs)),
    counts,
  };
}

function latencyOf(timings: readonly Readonly<Record<string, number>>[]): Operations['latency'] {
  const totals = timings.map((one) => ({ ...one, total: Object.values(one).reduce((sum, ms) => sum + ms, 0) }));
  const steps = [...new Set(totals.flatMap((one) => Object.keys(one)))];
  return {
    results: timings.length,
    steps: steps.map((step) => {
      const sorted = totals
        .map((one: Readonly<Record<string, number>>) => one[step])
        .filter((ms) => ms !== undefined)
        .sort((a, b) => a - b);
      const at = (share: number): number => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
      return { step, medianMs: at(0.5), p95Ms: at(0.95) };
    }),
  };
}

function shownRule(rule: RoutingRule): ShownRule {
  return {
    name: rule.name,
    action: rule.action,
    priority: rule.priority,
    when: rule.when.map((conditions) =>
      Object.entries(conditions)
        .map(([attribute, patterns]) => `${attribute} ${(patterns ?? []).join(' | ')}`)
        .join(', '),
    ),
    destinations: rule.destinations.map(destinationName),
  };
}

function ruleTest(subject: string, facts: readonly SeriesFacts[], rules: readonly RoutingRule[]): RuleTest {
  const decision = route({ rules: [...rules] }, facts);
  const passedOver = decision.passedOver.map(({ rule, text }) => ({ rule, text }));
  return { subject, action: decision.action, ...(decision.action === 'none' ? {} : { rule: decision.rule.name }), passedOver };
}

/** A fault of the PACS about one study must not take the names of all others from the list. */
function noneUnlessUnreachable(error: unknown): readonly DataSet[] {
  if (error instanceof Fault && error.code !== 'pacs-unreachable' && error.code !== 'pacs-unauthorized') return [];
  throw error;
}

function asFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  throw error;
}

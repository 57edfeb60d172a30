import { join } from 'node:path';
import { agreedLabelsIn } from '../../assessments/agreed-labels.js';
import type { AssessmentActions } from '../../assessments/assessments.js';
import { labelOverview } from '../../assessments/label-overview.js';
import type { Config, ModelLine } from '../../config.js';
import { Fault } from '../../errors.js';
import type { EvaluationReport } from '../../evaluation/report/evaluation-report.js';
import { defaultLine } from '../../lib/model-line.js';
import type { Registry } from '../../registry/registry.js';
import { exportDataset, type ExportPorts } from '../../retraining/export-dataset.js';
import { retrainingReadiness } from '../../retraining/readiness.js';
import { retrainingMemoryOf } from '../../retraining/retraining-memory.js';
import { listRuns, readRun, type RunHead, type RunHistory } from '../../retraining/run-history.js';
import type { Store } from '../../store/store.js';
import type { EpochEntry, StepEntry } from '../../training/training-log.js';
import type { ShownRun, ShownRunList } from '../schemas/research.js';
import type { ResearchPort } from '../research-port.js';
import { metricsIn } from './version-metrics.js';
import { lineNamed } from './page-lines.js';
import { worklistReaderOf } from './worklist-reader.js';

export interface ResearchParts {
  readonly config: Pick<Config, 'dataDir' | 'report'>;
  readonly assessments: Pick<AssessmentActions, 'hidesOthers' | 'readerOf'>;
  readonly lines: ReadonlyMap<string, { readonly settings: Pick<ModelLine, 'retraining'>; readonly registry: Registry }>;
  readonly store: Store;
  readonly exports: Pick<ExportPorts, 'pacs' | 'siteOf' | 'reader' | 'log'>;
}

/** Results whose times an estimate is made from. */
const timedResults = 50;

export function researchPortOf({ config, assessments, lines, store, exports }: ResearchParts): ResearchPort {
  const clock = { now: () => new Date() };
  const portsOf = (line: string) => {
    const { settings, registry } = lineNamed(lines, line);
    const place = { dataDir: config.dataDir, line };
    return {
      settings: { ...place, retraining: settings.retraining, maxImages: config.report.maxImages },
      agreedLabels: () => agreedLabelsIn(store.labels),
      registry,
      memory: retrainingMemoryOf(place, { kind: store.kind, retraining: store.ofLine(line).retraining }),
    };
  };
  let exporting = false;
  return {
    labels: (viewer) =>
      labelOverview(store.labels, { onlyAssessedBy: worklistReaderOf(viewer, assessments).isBlind ? viewer.name : undefined }),
    readiness: async (line = defaultLine) =>
      retrainingReadiness({
        ...portsOf(line),
        lastTimingsMs: async () =>
          (await store.results.listResults({ outcome: 'reported', limit: timedResults })).results.map(({ timingsMs }) => timingsMs),
      }),
    async runs(line = defaultLine) {
      lineNamed(lines, line);
      return { runs: (await listRuns({ dataDir: config.dataDir, line })).map(shownHead) };
    },
    async run(id, viewer, line = defaultLine) {
      const { registry } = lineNamed(lines, line);
      const run = await readRun({ dataDir: config.dataDir, line }, id);
      if (!run) throw new Fault('not-found', 'expected a run that GET /api/runs lists, found another name');
      const shown = await shownRun(run, registry);
      if (!worklistReaderOf(viewer, assessments).isBlind) return shown;
      const studies = [...new Set(shown.compared.map(({ studyInstanceUID }) => studyInstanceUID))];
      const own = new Set(
        (await store.labels.ofStudies(studies)).flatMap((one) => (one.reader === viewer.name ? [one.studyInstanceUID] : [])),
      );
      return { ...shown, compared: shown.compared.filter(({ studyInstanceUID }) => own.has(studyInstanceUID)) };
    },
    async exportDataset({ format, includeSuspected, ...options }) {
      if (exporting) throw new Fault('too-busy', 'another export is in progress; try again when it is done');
      exporting = true;
      try {
        const directory = join(config.dataDir, 'exports', `dataset-${clock.now().toISOString().replace(/[:.]/g, '-')}`);
        return await exportDataset({ directory, format, options, includeSuspected }, { ...portsOf(defaultLine), ...exports, clock });
      } finally {
        exporting = false;
      }
    },
  };
}

function shownHead({ id, kind, name, startedAt, endedAt, classes, images, version }: RunHead | RunHistory): ShownRunList['runs'][number] {
  return {
    id,
    kind,
    name,
    startedAt,
    ...(endedAt === undefined ? {} : { endedAt }),
    classes,
    images,
    ...(version === undefined ? {} : { version }),
  };
}

async function shownRun(run: RunHistory, registry: Registry): Promise<ShownRun> {
  const { settings, threads, log, compared } = run;
  const record = run.kind === 'retraining' ? await registry.change(run.id).catch(undefinedIfFault) : undefined;
  const report = record ? record.figures.challenger : await reportOf(run, registry);
  const steps = log.filter((entry): entry is StepEntry => entry.kind === 'step');
  const places = new Map(steps.map((step, index) => [`${step.stage} ${step.epoch}`, index + 1]));
  return {
    ...shownHead(run),
    settings,
    ...(threads === undefined ? {} : { threads }),
    ...(record ? { outcome: record.outcome, why: record.why } : {}),
    steps: steps.map(({ smoothedLoss, learningRate }, index) => ({ step: index + 1, loss: smoothedLoss, learningRate })),
    epochs: log
      .filter((entry): entry is EpochEntry => entry.kind === 'epoch')
      .map(({ stage, epoch, trainLoss, validationLoss, validationAccuracy }) => ({
        step: places.get(`${stage} ${epoch}`) ?? steps.length,
        trainLoss,
        validationLoss,
        validationAccuracy,
      })),
    figures: report ? figuresIn(report) : [],
    compared,
  };
}

/** The evaluation that training wrote into the version. */
async function reportOf({ version }: RunHistory, registry: Registry): Promise<EvaluationReport | undefined> {
  if (version === undefined) return undefined;
  const found = await registry.load(version).catch(undefinedIfFault);
  const reports = found ? await metricsIn(found.directory) : {};
  return Object.values(reports)[0];
}

function figuresIn({ classes, auroc, perClass }: EvaluationReport): ShownRun['figures'] {
  return classes.map((finding) => ({
    finding,
    auroc: auroc[finding]?.value ?? null,
    interval: auroc[finding]?.interval ?? null,
    n: perClass[finding]?.n ?? 0,
  }));
}

function undefinedIfFault(error: unknown): undefined {
  if (error instanceof Fault) return undefined;
  throw error;
}

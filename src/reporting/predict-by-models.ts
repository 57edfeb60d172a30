import type { DataSet } from '../dicom/data-set.js';
import { Fault } from '../errors.js';
import type { Log } from '../log.js';
import { seriesFactsOf } from '../routing/series-facts.js';
import type { LineModel } from '../serving/study-models.js';
import type { ImageReference } from '../sr/report-content.js';
import type { Analysis, ModelAnalysis, StudyFinding } from './analysis.js';
import { chooseImages, type ChosenImages } from './choose-images.js';
import { chooseModels, type ChosenModels } from './choose-models.js';
import type { Pacs, ReportPorts } from './ports.js';
import { predictImages } from './predict-images.js';
import { readOnce } from './read-once.js';
import { Stopwatch } from './stopwatch.js';

/** Faults of one model alone: the others are not affected. All others are those of the study or of the infrastructure. */
const ownFaults: readonly Fault['code'][] = ['engine-failed', 'engine-unavailable', 'model-invalid', 'model-unknown'];

interface FailedModel {
  readonly model: LineModel;
  readonly fault: Fault;
}

/**
 * The predictions of all models for the chosen images of one study, one after the other, as one analysis. A model that fails is named
 * in a remark and leaves the findings of the others.
 *
 * @throws Fault as predictImages does; the first model's, if every model fails
 */
export async function predictByModels(
  images: ChosenImages,
  { models, unavailable }: ChosenModels,
  pacs: Pick<Pacs, 'retrieveInstance'>,
  watch: Stopwatch,
  { siteOf, log }: { readonly siteOf?: ReportPorts['siteOf']; readonly log: Log },
): Promise<Analysis> {
  const missing = unavailable.map(
    ({ line, version, code }) => `The model line ${line} took no part: its version ${version} cannot be loaded (${code}).`,
  );
  if (models.length === 1) {
    const analysis = await predictImages(images, models[0], pacs, watch, siteOf);
    return missing.length === 0 ? analysis : { ...analysis, remarks: [...(analysis.remarks ?? []), ...missing] };
  }
  const shared = readOnce(pacs);
  const done: ModelAnalysis[] = [];
  const failed: FailedModel[] = [];
  for (const model of models) {
    try {
      const reader = shared.readerOf(model.reader);
      done.push({ ...model, analysis: await predictImages(images, { model: model.model, reader }, shared.pacs, watch, siteOf) });
    } catch (error) {
      if (!(error instanceof Fault) || !ownFaults.includes(error.code)) throw error;
      failed.push({ model, fault: error });
      const { name, version } = model.model;
      log.error('a model failed; the study is reported without its findings', { line: model.line, model: name, version, code: error.code });
    }
  }
  if (done.length === 0) throw failed[0]!.fault;
  return combined(done, [...failed.map(failureSentence), ...missing]);
}

/** Predictions of all models for files of one study, without asking the routing rules; nothing is written. */
export function predictFiles(
  instances: readonly DataSet[],
  ports: Pick<ReportPorts, 'model' | 'models' | 'reader' | 'log'>,
  pacs: Pick<Pacs, 'retrieveInstance'>,
  maxImages: number,
): Promise<Analysis> {
  const images = chooseImages(seriesFactsOf(instances), maxImages);
  return predictByModels(images, chooseModels(images.kind, ports), pacs, new Stopwatch(), { log: ports.log });
}

function failureSentence({ model: { model }, fault }: FailedModel): string {
  return `The model ${model.name}, version ${model.version}, failed (${fault.code}): its findings are missing.`;
}

/** One analysis of several: skipped only if every model skipped the study. */
function combined(done: readonly ModelAnalysis[], missing: readonly string[]): Analysis {
  const reported = done.filter(({ analysis }) => !analysis.skip);
  const skipped = reported.length === 0 ? [] : done.filter(({ analysis }) => analysis.skip);
  const shown = reported.length === 0 ? done.slice(0, 1) : reported;
  const [first] = shown.map(({ analysis }) => analysis);
  const remarks = [
    ...shown.flatMap(({ analysis }) => analysis.remarks ?? []),
    ...skipped.map(
      ({ model, analysis }) => `The model ${model.name}, version ${model.version}, made no prediction: ${analysis.skip!.reason}.`,
    ),
    ...missing,
  ];
  return {
    kind: first!.kind,
    evidence: distinct(shown.flatMap(({ analysis }) => analysis.evidence)),
    findings: decided(reported),
    ...(reported.length === 0 ? { skip: first!.skip! } : {}),
    remarks: [...new Set(remarks)],
    notes: first!.notes,
    engine: first!.engine,
    byModel: done,
  };
}

/** Every finding with its model. Of several on one finding that of the first model decides; the others name it. */
function decided(reported: readonly ModelAnalysis[]): readonly StudyFinding[] {
  const deciding = new Map<string, string>();
  return reported.flatMap(({ model, analysis }) =>
    analysis.findings.map((finding): StudyFinding => {
      const overruledBy = deciding.get(finding.name);
      if (overruledBy === undefined) deciding.set(finding.name, model.name);
      return { ...finding, model, ...(overruledBy === undefined ? {} : { overruledBy }) };
    }),
  );
}

function distinct(references: readonly ImageReference[]): readonly ImageReference[] {
  const key = ({ sopInstanceUID, frameNumber }: ImageReference): string => `${sopInstanceUID} ${frameNumber ?? ''}`;
  return [...new Map(references.map((one) => [key(one), one])).values()];
}

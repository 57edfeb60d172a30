import type { DataSet } from '../dicom/data-set.js';
import type { RoutingRule } from '../routing/rules.js';
import type { ServedModel } from '../serving/model.js';
import { applyRules, imagesIn, type ChosenImages } from './choose-images.js';
import type { ChosenModels } from './choose-models.js';
import { inputKeyOf } from './document-identity.js';
import { modelKeyOf, ownDocumentsIn, type OwnDocuments } from './own-documents.js';
import type { Pacs, PriorResult, ReportSettings, StudyToReport } from './ports.js';
import type { Stopwatch } from './stopwatch.js';
import { inputOf, type StudyInput } from './study-input.js';

/** A study that is being reported: what is known of it before the model has seen its images. */
export interface ReportContext {
  readonly study: StudyToReport;
  /** Any instance: patient and study are copied from it. */
  readonly source: DataSet | undefined;
  /** Everything in the study except documents of this program and readers' assessments. */
  readonly instances: readonly DataSet[];
  /** The instances that the result depends on. */
  readonly considered: readonly DataSet[];
  readonly input: StudyInput;
  /** The key under which the documents of this result name their input. */
  readonly inputKey: string;
  /** Absent where no rule takes the study, which may be analysed because a person has requested it. */
  readonly rule: RoutingRule | undefined;
  /** Documents of this program that the study contains. */
  readonly own: OwnDocuments;
  /** The models that were to analyse the study, by falling precedence. */
  readonly models: readonly ServedModel[];
  /** The first of them, and its line. */
  readonly model: ServedModel;
  readonly line: string;
  /** modelKeyOf the models. */
  readonly modelKey: string;
  /** Of the patient; looked for while the model predicts. */
  readonly prior?: PriorResult | undefined;
  /** Time spent in each step. */
  readonly watch: Stopwatch;
  /** The documents are files that no PACS contains: a repetition writes others. */
  readonly asFiles?: boolean;
}

/** @param metadata of the whole study, documents included */
export async function openContext(
  study: StudyToReport,
  metadata: readonly DataSet[],
  rule: RoutingRule | undefined,
  images: ChosenImages | undefined,
  chosen: ChosenModels['models'],
  pacs: Pick<Pacs, 'content'>,
  watch: Stopwatch,
): Promise<ReportContext> {
  const models = chosen.map(({ model }) => model);
  const instances = imagesIn(metadata);
  const considered = images?.considered ?? [];
  const input = await watch.time('metadata', () => inputOf(study.studyInstanceUID, considered, pacs));
  // A study that is skipped by the rules depends on no pixels: its key is that of the identifiers that the rules saw.
  const inputKey = images ? input.inputKey : inputKeyOf(instances);
  return {
    study,
    source: instances[0] ?? metadata[0],
    instances,
    considered,
    input: images ? input : { ...input, inputKey, formerKey: inputKey },
    inputKey,
    rule,
    own: ownDocumentsIn(metadata),
    models,
    model: chosen[0].model,
    line: chosen[0].line,
    modelKey: modelKeyOf(models),
    watch,
  };
}

/**
 * The keys of the input that a result of this study would have now, today's key and that of earlier releases: a result with one of
 * them is still about these images.
 */
export async function inputKeysNow(
  study: StudyToReport,
  metadata: readonly DataSet[],
  settings: Pick<ReportSettings, 'routing' | 'maxImages'>,
  pacs: Pick<Pacs, 'content'>,
): Promise<readonly string[]> {
  const { images } = applyRules(metadata, study, settings);
  if (!images) return [inputKeyOf(imagesIn(metadata))];
  const { inputKey, formerKey } = await inputOf(study.studyInstanceUID, images.considered, pacs);
  return [inputKey, formerKey];
}

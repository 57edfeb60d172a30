import { textOf } from '../dicom/data-set.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import { Fault, isOutage } from '../errors.js';
import { pluralise } from '../evaluation/pluralise.js';
import { fitRobustFeatureGate, minGuardImages, type GroupedEmbedding, type RobustFeatureGate } from '../evaluation/robust-feature-gate.js';
import type { Revision } from '../registry/revise-version.js';
import { applyRules } from '../reporting/choose-images.js';
import type { Pacs, ReportSettings } from '../reporting/ports.js';
import { predictImages } from '../reporting/predict-images.js';
import { Stopwatch } from '../reporting/stopwatch.js';
import type { Arrival } from '../routing/series-facts.js';
import type { ImageReader } from '../serving/image-reader.js';
import type { ImageKind } from '../serving/model.js';
import type { EmbeddingCollector } from './embedding-collector.js';

/** Embeddings of images that nobody labelled, and how they were found. */
export interface UnlabelledEmbeddings {
  readonly embeddings: readonly GroupedEmbedding[];
  /** Studies, or files, that were looked at. */
  readonly seen: number;
  /** Studies of no rule, of another kind, or without an image for the model. */
  readonly otherStudies: number;
  readonly unreadable: number;
}

export interface GuardStudiesPorts {
  readonly pacs: Pick<Pacs, 'retrieveStudyMetadata' | 'retrieveInstance'>;
  readonly reader: ImageReader;
  readonly settings: Pick<ReportSettings, 'routing' | 'maxImages'>;
  /** How a study reached the PACS, for the routing rules. */
  arrivalOf(study: StudyInstanceUID): Promise<Arrival>;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Embeddings of the images that the routing rules would have reported: study by study until there are images of `wanted` studies.
 *
 * @param studies newest first
 * @throws Fault if the PACS cannot be reached
 */
export async function embeddingsOfStudies(
  studies: readonly StudyInstanceUID[],
  wanted: number,
  kind: ImageKind,
  collector: EmbeddingCollector,
  { pacs, reader, settings, arrivalOf, onProgress }: GuardStudiesPorts,
): Promise<UnlabelledEmbeddings> {
  const embeddings: GroupedEmbedding[] = [];
  const counts = { seen: 0, otherStudies: 0, unreadable: 0 };
  let used = 0;
  for (const study of studies) {
    if (used === wanted) break;
    counts.seen++;
    try {
      const instances = await pacs.retrieveStudyMetadata(study);
      const { images } = applyRules(instances, { arrival: await arrivalOf(study) }, settings);
      if (!images || images.kind !== kind) {
        counts.otherStudies++;
        continue;
      }
      await predictImages(images, { model: collector.model, reader }, pacs, new Stopwatch());
      const taken = collector.take();
      if (taken.length > 0) used++;
      // In memory only: images of one patient must not be on both sides of the limit.
      const first = images.considered[0] ?? {};
      const group = textOf(first, 'PatientID') ?? study;
      embeddings.push(...taken.map((embedding) => ({ group, embedding })));
      onProgress?.(used, wanted);
    } catch (error) {
      if (!(error instanceof Fault) || isOutage(error)) throw error;
      counts.unreadable++;
      collector.take();
    }
  }
  return { embeddings, ...counts };
}

/** @throws Fault 'dataset-invalid' that says how many images there are, how many are needed, and where the others went */
export function fitGuard({ embeddings, seen, otherStudies, unreadable }: UnlabelledEmbeddings, notFrontal: number): RobustFeatureGate {
  if (embeddings.length < minGuardImages)
    throw new Fault(
      'dataset-invalid',
      `expected at least ${minGuardImages} images for the feature guard, found ${embeddings.length} in ${seen} studies or files (${otherStudies} without an image for this network, ${unreadable} unreadable, ${pluralise(notFrontal, 'image')} not frontal): give more studies`,
    );
  try {
    return fitRobustFeatureGate(embeddings);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new Fault('dataset-invalid', `the feature guard cannot be fitted: ${cause.message}`, {}, { cause });
  }
}

/** The guard as a change of a version. */
export function guardRevision(
  { rule, fitted, outliers }: RobustFeatureGate,
  { kind, source, now }: { readonly kind: ImageKind; readonly source: 'studies of the PACS' | 'files'; readonly now: Date },
): Pick<Revision, 'gate' | 'record' | 'paragraph' | 'created'> {
  const created = now.toISOString().slice(0, 10);
  return {
    gate: rule,
    created,
    record: { name: 'guard', content: { images: fitted, outliers, source, at: now.toISOString(), maxDistance: rule.maxDistance } },
    paragraph: `## Feature guard, ${kind}\n\nFitted on ${created} on ${pluralise(fitted, 'unlabelled image')} of this hospital (${source}); ${pluralise(outliers, 'image')} unlike the others took no part. Images further than ${rule.maxDistance.toFixed(1)} from them are refused.`,
  };
}

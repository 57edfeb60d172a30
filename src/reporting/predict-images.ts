import { textOf, type DataSet } from '../dicom/data-set.js';
import { Fault } from '../errors.js';
import { seriesFactsOf } from '../routing/series-facts.js';
import type { LoadedModelVersion } from '../serving/model-serving.js';
import type { Analysis } from './analysis.js';
import { chooseImages, leftOutNotes, type ChosenImages } from './choose-images.js';
import { evidenceOf } from './evidence.js';
import type { Pacs, ReportPorts } from './ports.js';
import { predictCt } from './predict-ct.js';
import { noXrayReason, predictXrays } from './predict-xrays.js';
import { skip } from './skip.js';
import { Stopwatch } from './stopwatch.js';

/**
 * The model's predictions for the chosen images of one study, or the reason why there are none.
 *
 * @param siteOf what drift monitoring calls the site of an image; without it no statistics are computed
 * @throws Fault if the images cannot be retrieved, decoded or computed
 */
export async function predictImages(
  images: ChosenImages,
  { model, reader }: LoadedModelVersion,
  pacs: Pick<Pacs, 'retrieveInstance'>,
  watch: Stopwatch,
  siteOf?: ReportPorts['siteOf'],
): Promise<Analysis> {
  const nothing = { kind: images.kind, evidence: evidenceOf(images.considered), findings: [], notes: [] };
  if (!model.supports(images.kind)) return { ...nothing, skip: skip('not-for-this-model') };
  if (images.kind === 'xray' && images.xrays.chosen.length === 0) return { ...nothing, skip: noXrayReason(images.xrays.leftOut) };
  try {
    if (images.kind === 'ct') return await predictCt(images.series, model, reader, pacs, watch, siteOf);
    const analysis = await predictXrays(images.xrays.chosen, model, reader, pacs, watch, siteOf);
    return { ...analysis, notes: [...analysis.notes, ...leftOutNotes(images.xrays)] };
  } catch (error) {
    const studyInstanceUID = textOf(images.considered[0] ?? {}, 'StudyInstanceUID');
    throw error instanceof Fault && studyInstanceUID ? error.about({ studyInstanceUID }) : error;
  }
}

/** Predictions for the images of one study without asking the routing rules; nothing is written. */
export function predictInstances(
  instances: readonly DataSet[],
  loaded: LoadedModelVersion,
  pacs: Pick<Pacs, 'retrieveInstance'>,
  maxImages: number,
): Promise<Analysis> {
  return predictImages(chooseImages(seriesFactsOf(instances), maxImages), loaded, pacs, new Stopwatch());
}

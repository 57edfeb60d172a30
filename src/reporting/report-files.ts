import type { DataSet } from '../dicom/data-set.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import type { RoutingRule } from '../routing/rules.js';
import { seriesFactsOf } from '../routing/series-facts.js';
import { outcomeOf } from './analysis.js';
import { chooseImages } from './choose-images.js';
import { chooseModels } from './choose-models.js';
import { composeDocuments } from './compose-documents.js';
import type { ReportPorts, StudyResult } from './ports.js';
import { predictReported } from './predict-reported.js';
import { openContext } from './report-context.js';
import { Stopwatch } from './stopwatch.js';
import { storeDocuments } from './store-documents.js';
import { newResult } from './study-result.js';

/**
 * Reports files without asking the routing rules: predictions and documents. The documents are files too, so a repetition writes
 * others.
 *
 * @param rule named in the documents
 * @param instances metadata of all files of the study
 */
export async function reportFiles(
  studyInstanceUID: StudyInstanceUID,
  rule: RoutingRule,
  instances: readonly DataSet[],
  ports: ReportPorts,
): Promise<StudyResult> {
  const { pacs, settings, clock, log } = ports;
  const watch = new Stopwatch();
  const images = chooseImages(seriesFactsOf(instances), settings.maxImages);
  const chosen = chooseModels(images.kind, ports);
  const context = {
    ...(await openContext({ studyInstanceUID, arrival: {} }, instances, rule, images, chosen.models, pacs, watch)),
    asFiles: true,
  };
  const analysis = await predictReported(images, chosen, rule, { ...ports, siteOf: undefined }, watch);
  const documents = await composeDocuments(context, outcomeOf(analysis), analysis, settings, clock.now());
  const stored = await storeDocuments(documents.toStore, context, pacs, log);
  return newResult(context, documents, stored, analysis, settings);
}

import type { RoutingRule } from '../routing/rules.js';
import type { ServedModel } from '../serving/model.js';
import type { Analysis } from './analysis.js';
import type { ChosenImages } from './choose-images.js';
import { withoutFindingsOff } from './findings-off.js';
import type { ReportPorts } from './ports.js';
import { predictImages } from './predict-images.js';
import type { Stopwatch } from './stopwatch.js';

/** The model's predictions for the chosen images, without the findings that settings or rule switch off. @throws Fault as predictImages does */
export async function predictReported(
  images: ChosenImages,
  model: ServedModel,
  rule: RoutingRule | undefined,
  { pacs, reader, settings, siteOf }: ReportPorts,
  watch: Stopwatch,
): Promise<Analysis> {
  return withoutFindingsOff(await predictImages(images, { model, reader }, pacs, watch, siteOf), settings, rule);
}

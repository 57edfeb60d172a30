import type { RoutingRule } from '../routing/rules.js';
import type { Analysis } from './analysis.js';
import type { ChosenImages } from './choose-images.js';
import type { ChosenModels } from './choose-models.js';
import { withoutFindingsOff } from './findings-off.js';
import type { ReportPorts } from './ports.js';
import { predictByModels } from './predict-by-models.js';
import type { Stopwatch } from './stopwatch.js';

/** The predictions of all models for the chosen images, without the findings that settings or rule switch off. @throws Fault as predictByModels does */
export async function predictReported(
  images: ChosenImages,
  chosen: ChosenModels,
  rule: RoutingRule | undefined,
  { pacs, settings, siteOf, log }: Pick<ReportPorts, 'pacs' | 'settings' | 'siteOf' | 'log'>,
  watch: Stopwatch,
): Promise<Analysis> {
  return withoutFindingsOff(await predictByModels(images, chosen, pacs, watch, { siteOf, log }), settings, rule);
}

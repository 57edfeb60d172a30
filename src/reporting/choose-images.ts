import { textOf, type DataSet } from '../dicom/data-set.js';
import { explainNone, route } from '../routing/match.js';
import type { RoutingRule } from '../routing/rules.js';
import { selectXrays, type XraySelection } from '../routing/select-xrays.js';
import { seriesFactsOf, type SeriesFacts } from '../routing/series-facts.js';
import { isAboutStudy } from '../sr/own-document.js';
import type { ReportSettings, StudyToReport } from './ports.js';
import { skip, type Skip } from './skip.js';
import { analysedModalities } from './sweep-pacs.js';

/** The images of a study that the model sees: X-rays if the series contain any, else CT. */
export interface ChosenImages {
  readonly kind: 'xray' | 'ct';
  readonly series: readonly SeriesFacts[];
  readonly xrays: XraySelection;
  /** The instances that the result depends on. */
  readonly considered: readonly DataSet[];
}

/** What the routing rules decide about a study: a rule takes it, or a person has requested it, and images are chosen; or it is skipped for a stated reason. */
export type RuleDecision =
  | { readonly rule: RoutingRule | undefined; readonly images: ChosenImages; readonly skip?: undefined }
  | { readonly rule: RoutingRule | undefined; readonly images?: undefined; readonly skip: Skip };

/**
 * The rules select the studies that are analysed by themselves. A person who requests an analysis has selected the study: where no rule
 * takes it, or one excludes it, all its series of a modality that can be analysed are looked at. The checks of the images are the same.
 *
 * @param instances metadata of the whole study; documents of this program and readers' assessments are left out
 */
export function applyRules(
  instances: readonly DataSet[],
  { arrival, isRequested = false }: Pick<StudyToReport, 'arrival' | 'isRequested'>,
  { routing, maxImages }: Pick<ReportSettings, 'routing' | 'maxImages'>,
): RuleDecision {
  const images = imagesIn(instances);
  const series = seriesFactsOf(images, arrival);
  const decision = route(routing, series);
  if (decision.action === 'analyse') return { rule: decision.rule, images: chooseImages(decision.series, maxImages) };
  if (images.length === 0) return { rule: decision.action === 'ignore' ? decision.rule : undefined, skip: skip('no-image') };
  const requested = isRequested ? series.filter((one) => one.values.modality?.some((name) => analysedModalities.includes(name))) : [];
  if (requested.length > 0) return { rule: undefined, images: chooseImages(requested, maxImages) };
  if (decision.action === 'none') return { rule: undefined, skip: skip('no-rule', explainNone(decision.passedOver)) };
  return { rule: decision.rule, skip: skip('ignored-by-rule', decision.rule.name) };
}

/** Everything in a study except documents of this program and readers' assessments. */
export function imagesIn(instances: readonly DataSet[]): readonly DataSet[] {
  return instances.filter((one) => !isAboutStudy(one));
}

export function chooseImages(series: readonly SeriesFacts[], maxImages: number): ChosenImages {
  // A rule without a modality also takes dose reports and presentation states: they do not turn a CT into an X-ray study.
  const ctSeries = series.filter((one) => one.values.modality?.includes('CT'));
  const xrays = selectXrays(
    series.filter((one) => !ctSeries.includes(one)),
    maxImages,
  );
  if (xrays.chosen.length > 0) return { kind: 'xray', series, xrays, considered: xrays.chosen };
  if (ctSeries.length > 0) return { kind: 'ct', series: ctSeries, xrays, considered: ctSeries.flatMap((one) => one.instances) };
  return { kind: 'xray', series, xrays, considered: series.flatMap((one) => one.instances) };
}

/** One sentence for each image that a reader could expect to be part of the result and that is not. */
export function leftOutNotes({ leftOut }: XraySelection): readonly string[] {
  const reasons = {
    'over-limit': 'older than the images that are analysed',
    'for-processing': 'for processing, not for presentation',
    lateral: 'a lateral view',
  } as const;
  return leftOut.flatMap(({ instance, reason }) =>
    reason in reasons ? [`Left out, ${reasons[reason as keyof typeof reasons]}: ${textOf(instance, 'SOPInstanceUID') ?? ''}`] : [],
  );
}

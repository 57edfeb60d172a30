import { probabilityText } from '../../lib/probability-text.js';
import type { ClassFigures, EvaluationReport, GroupFigures, TopLoss } from '../report/evaluation-report.js';
import { pluralise } from '../pluralise.js';
import { escaped, figure, optional, percent, range, table } from './html.js';
import { confusionTable, legend, plotDownloads, reliabilityPlot, rocPlot } from './plots.js';
import { pageStyle } from './style.js';

/** The picture of an image as a `data:` address; undefined if it cannot be shown. */
export type PictureOf = (id: string) => string | undefined;

/**
 * The report of an evaluation as one HTML page that needs nothing else: for a physician, so every figure states its uncertainty.
 *
 * @param made when, in words
 */
export function evaluationPage(report: EvaluationReport, pictureOf: PictureOf, made: string): string {
  const { model, dataset } = report;
  const title = `${model ? `${model.name}, version ${model.version}` : 'Evaluation'} on ${dataset.name}${dataset.split ? ` (${dataset.split})` : ''}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escaped(title)}</title><style>${pageStyle}</style></head><body>
<p class="notice">Not for diagnosis. Figures of this software on one data set; at another hospital they may differ.</p>
<h1>${escaped(title)}</h1>
<p>${pluralise(report.n, 'image')} of ${pluralise(report.patients, 'patient')}. ${report.objective === 'several' ? 'Each finding is decided on its own; an image may have several, or none.' : 'Each image has exactly one class.'} Of images that the model was trained on, figures flatter.</p>
${headline(report)}
${warnings(report.warnings)}
${discrimination(report)}
${calibration(report)}
${confusion(report)}
${groups('By source', 'Images from one source share scanner, patients and habits. A model that is only good on some sources has learned those.', report.bySource, report.classes)}
${groups('By view', 'Views are taken of different patients: AP mostly of those who cannot stand.', report.byView, report.classes)}
${report.byDevices ? groups('With and without devices', 'Lines, tubes and electrodes are seen in the sickest patients: a model must not take them for the finding.', report.byDevices, report.classes) : ''}
${report.byOrigin ? groups('By origin of the labels', 'Labels of radiologists are more reliable than those that software extracted from report texts.', report.byOrigin, report.classes) : ''}
${losses(report, pictureOf)}
<footer><p>${escaped(made)}. Intervals: ${percent(report.settings.confidence)}, ${escaped(report.settings.intervals)} (${report.settings.resamples} resamples, seed ${report.settings.seed}).${model ? ` Device UID ${escaped(model.deviceUID)}, network ${escaped(model.network)}.` : ''}</p><p>Not for diagnosis.</p></footer>
</body></html>
`;
}

function headline({ accuracy, accuracyInterval, majorityRate, balancedAccuracy, refused, objective }: EvaluationReport): string {
  const box = (value: string, words: string): string => `<div><b>${value}</b><span>${words}</span></div>`;
  const unit = objective === 'several' ? 'decisions' : 'images';
  return `<div class="headline">${[
    box(optional(accuracy, percent), `of ${unit} right${range(accuracyInterval, percent)}`),
    box(optional(majorityRate, percent), 'right by always giving the commonest answer: what the figure before has to beat'),
    box(
      optional(balancedAccuracy, percent),
      'balanced accuracy: every class counts the same; guessing gives one divided by the number of classes',
    ),
    ...(refused
      ? [box(percent(refused.share), `of images (${refused.n}) that the model would refuse; they are counted in all figures here`)]
      : []),
  ].join('')}</div>`;
}

function warnings(lines: readonly string[]): string {
  return lines.length === 0
    ? ''
    : `<h2>Read this first</h2><ul class="warnings">${lines.map((line) => `<li>${escaped(line)}</li>`).join('')}</ul>`;
}

function discrimination({ classes, perClass }: EvaluationReport): string {
  const rows = classes.map((name) => {
    const { n, positives, patients, threshold, auroc, sensitivity, specificity, positivePredictiveValue } = perClass[name]!;
    return [
      escaped(name),
      `${positives} of ${n}<small> (${pluralise(patients, 'patient')})</small>`,
      figure(auroc),
      thresholdText(threshold),
      figure(sensitivity, percent),
      figure(specificity, percent),
      figure(positivePredictiveValue, percent),
    ];
  });
  const drawn = classes.filter((name) => perClass[name]!.roc.length > 0);
  const curvesOfRoc = drawn.map((name) => ({ name, points: perClass[name]!.roc, mark: markOf(perClass[name]!) }));
  const plot =
    drawn.length === 0
      ? ''
      : `<figure>${withDownloads('roc', rocPlot(curvesOfRoc), curvesOfRoc)}${legend(drawn.map((name) => `${escaped(name)}: ${figure(perClass[name]!.auroc)}`))}<figcaption>The dashed line is a guess. A dot marks the threshold in use.</figcaption></figure>`;
  return `<h2>Telling apart</h2><p>AUROC: of one image with the finding and one without, how often the model scores the first higher. 0.5 is a coin. Sensitivity: of those with the finding, how many are called. Specificity: of those without, how many are not.</p>
${table(['', 'with the finding', 'AUROC', 'threshold', 'sensitivity', 'specificity', 'of those called, right'], rows)}<div class="plots">${plot}</div>`;
}

/** A plot, and links to download it. */
function withDownloads(name: string, svg: string, data: unknown): string {
  return svg + plotDownloads(name, svg, data);
}

function markOf({ sensitivity, specificity }: ClassFigures): readonly [number, number] | undefined {
  return sensitivity.value === null || specificity.value === null ? undefined : [1 - specificity.value, sensitivity.value];
}

function calibration({ classes, perClass, ece, brier, reliability, objective }: EvaluationReport): string {
  const rows = [
    [objective === 'several' ? 'all' : 'class called', optional(ece), optional(brier)],
    ...classes.map((name) => [escaped(name), optional(perClass[name]!.ece), optional(perClass[name]!.brier)]),
  ];
  const curves =
    classes.length <= 4 ? classes.map((name) => ({ name, bins: perClass[name]!.reliability })) : [{ name: 'all', bins: reliability }];
  return `<h2>Are the probabilities true?</h2><p>Of all images given 70 %, seventy of a hundred should have the finding. The calibration error (ECE) is the mean distance from that; 0 is perfect. Brier: mean squared error of the probability, smaller is better.</p>
${table(['', 'ECE', 'Brier'], rows)}<div class="plots"><figure>${withDownloads('calibration', reliabilityPlot(curves), curves)}${legend(curves.map(({ name }) => escaped(name)))}<figcaption>On the dashed line the predicted probability equals the observed frequency. Below it the predicted probability is too high. Larger dots stand for more images.</figcaption></figure></div>`;
}

function confusion({ classes, confusion: matrices, objective, perClass }: EvaluationReport): string {
  const drawn =
    objective === 'one-of-many'
      ? confusionTable(matrices as readonly (readonly number[])[], classes)
      : classes
          .map((name) => `<div><h3>${escaped(name)}</h3>${confusionTable(perClass[name]!.confusion, ['absent', 'present'])}</div>`)
          .join('');
  return `<h2>What was called what</h2><div class="plots">${drawn}</div>`;
}

function groups(title: string, words: string, all: readonly GroupFigures[], classes: readonly string[]): string {
  const rows = all.map(({ name, n, patients, accuracy, accuracyInterval, majorityRate, refused, perClass }) => [
    escaped(name),
    `${n}<small> (${pluralise(patients, 'patient')})</small>${refused?.value == null ? '' : `<br><small>refused ${figure(refused, percent)}</small>`}`,
    `${optional(accuracy, percent)}${range(accuracyInterval, percent)}<br><small>commonest answer ${optional(majorityRate, percent)}</small>`,
    ...classes.map((one) => {
      const { n: labelled, positives, auroc, sensitivity, specificity } = perClass[one]!;
      return `${positives} of ${labelled}<br>AUROC ${figure(auroc)}<br><small>sensitivity ${optional(sensitivity.value, percent)}, specificity ${optional(specificity.value, percent)}</small>`;
    }),
  ]);
  return `<h2>${title}</h2><p>${words}</p>${table(['', 'images', 'right', ...classes.map(escaped)], rows)}`;
}

function losses(report: EvaluationReport, pictureOf: PictureOf): string {
  if (report.topLosses.length === 0) return '';
  const cards = report.topLosses.map((one) => {
    const { id, source, loss, actual, predicted, scores } = one;
    const address = pictureOf(id);
    const picture = address ? `<img alt="" loading="lazy" src="${address}">` : '<div class="gone"></div>';
    const scoreTexts = Object.entries(scores)
      .map(([name, score]) => `${escaped(name)} ${escaped(scoreText(name, score, one, report))} %`)
      .join(', ');
    return `<figure>${picture}<figcaption><b>was</b> ${escaped(actual.join(', ') || 'none')}<br><b>called</b> ${escaped(predicted.join(', ') || 'none')}<br>${scoreTexts}<br><small>loss ${loss.toFixed(2)} · ${escaped(source || 'source unknown')} · ${escaped(id)}</small></figcaption></figure>`;
  });
  return `<h2>Where it was most wrong</h2><p>The images with the highest loss: surely wrong, or a wrong label. Worth a look by a radiologist.</p><div class="losses">${cards.join('')}</div>`;
}

/** A score in %, on the side of the threshold on which it was called; of one-of-many networks no threshold decides. */
function scoreText(name: string, probability: number, { predicted }: TopLoss, { objective, perClass }: EvaluationReport): string {
  const decision = predicted.includes(name) ? 'present' : 'absent';
  const threshold = objective === 'several' ? perClass[name]?.threshold : undefined;
  return probabilityText({ probability, decision, ...(threshold === undefined ? {} : { presentFrom: threshold }) });
}

/** A threshold, not rounded as figures are: scores beside it may differ from it by less. */
function thresholdText(threshold: number): string {
  return String(Number(threshold.toFixed(6)));
}

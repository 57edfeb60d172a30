import { loadConfig, modelLine } from '../config.js';
import type { Engine } from '../engine/engine.js';
import { startEngine } from '../engine/start-engine.js';
import { Fault } from '../errors.js';
import { compareSets, type ComparedFigure, type ModelComparison } from '../evaluation/comparison/compare-sets.js';
import { withLineThresholds, withServedThresholds } from '../evaluation/operating-points.js';
import { pluralise } from '../evaluation/pluralise.js';
import type { ScoredSet } from '../evaluation/report/scored-set.js';
import { loadFindings, type FindingsConfig } from '../findings-config.js';
import { createLog, silentLog } from '../log.js';
import type { ModelVersion } from '../registry/model-version.js';
import { scoreExamples } from '../retraining/score-examples.js';
import { engineOptionsOf } from '../serving/engine-options.js';
import { chosenModel } from './chosen-model.js';
import { openLabelledImages, type LabelledImages } from './labelled-images.js';
import type { LineCommand } from './models-change.js';
import { wholeNumberOption } from './number-options.js';
import { progressLine, type ProgressLine } from './progress-line.js';

export interface CompareCommand extends LineCommand {
  readonly dataset: string;
  readonly testLock?: string | undefined;
  readonly network: string;
  readonly seed: string;
  readonly resamples: string;
  readonly json: boolean;
}

/**
 * `models compare`: AUROC, sensitivity and specificity of two models for every finding that both report, on the same images, with
 * intervals of their differences. Nothing is decided and nothing is recorded: that is `models gate`.
 *
 * @throws Fault 'request-invalid', 'model-unknown', 'model-invalid', 'dataset-invalid'
 */
export async function compareModels(first: string, second: string, options: CompareCommand): Promise<void> {
  const { network: kind, json } = options;
  if (kind !== 'xray' && kind !== 'ct') throw new Fault('request-invalid', `expected --network xray or ct, found ${kind}`);
  const bootstrap = {
    seed: wholeNumberOption('--seed', options.seed, 0),
    resamples: wholeNumberOption('--resamples', options.resamples, 10),
  };
  const config = loadConfig();
  const versions = [await chosenModel(first, config, options.line), await chosenModel(second, config, options.line)] as const;
  const findings = loadFindings(config.findingsFile);
  const { thresholds } = modelLine(config, options.line);
  const images = await openLabelledImages(options.dataset, options.testLock);
  const progress = progressLine('evaluating', json);
  const engine = await startEngine(engineOptionsOf(config, json ? silentLog : createLog({ ...config.log, level: 'warn' })));
  try {
    const sets: ScoredSet[] = [];
    for (const version of versions) sets.push(await scoredBy(version, kind, { images, engine, findings, thresholds, progress }));
    progress.end();
    const comparison = compareSets(sets[0]!, sets[1]!, bootstrap);
    if (comparison.n === 0)
      throw new Fault('dataset-invalid', `expected images that both models can describe, found none among ${images.examples.length}`, {
        source: options.dataset,
      });
    if (comparison.findings.length === 0)
      throw new Fault(
        'request-invalid',
        `expected a finding that both models report, found ${comparison.onlyFirst.join(', ')} in the first and ${comparison.onlySecond.join(', ')} in the second`,
      );
    const shown = {
      notice: 'Not for diagnosis.',
      first: identityOf(versions[0]),
      second: identityOf(versions[1]),
      network: kind,
      dataset: images.name,
      settings: { confidence: 0.95, ...bootstrap },
      ...comparison,
      warnings: warningsOf(versions, images),
    };
    console.log(json ? JSON.stringify(shown) : describe(comparison, versions, images.name, shown.warnings));
  } finally {
    await engine.close();
  }
}

interface Scoring {
  readonly images: LabelledImages;
  readonly engine: Engine;
  readonly findings: FindingsConfig;
  readonly thresholds: ReturnType<typeof modelLine>['thresholds'];
  readonly progress: ProgressLine;
}

/** With the thresholds that a report would use. */
async function scoredBy(
  version: ModelVersion,
  kind: 'xray' | 'ct',
  { images, engine, findings, thresholds, progress }: Scoring,
): Promise<ScoredSet> {
  const own = version.networks[kind];
  if (!own)
    throw new Fault('request-invalid', `expected a network for ${kind} in ${version.name} ${version.version}, found none (--network)`);
  const rules = withLineThresholds(findings.findings, thresholds);
  const served = withServedThresholds(own, (finding) => (Object.hasOwn(rules, finding) ? rules[finding] : undefined));
  const predictor = await engine.load(served.network);
  try {
    const { examples, picture } = images;
    return (await scoreExamples({ served, predictor, kind, examples, picture, labelRules: rules, onProgress: progress.tell })).set;
  } finally {
    await predictor.release();
  }
}

function identityOf({ name, version }: ModelVersion): { readonly name: string; readonly version: string } {
  return { name, version };
}

/** A model is rated too well on patients that it was trained on. */
function warningsOf(versions: readonly ModelVersion[], { examples }: LabelledImages): readonly string[] {
  return versions.flatMap(({ version, lineage }) => {
    const trainedOn = new Set(lineage?.trainedOn);
    const seen = new Set(examples.flatMap(({ patient }) => (trainedOn.has(patient) ? [patient] : [])));
    return seen.size === 0
      ? []
      : [`${version} was trained on ${pluralise(seen.size, 'patient')} of this data set: its figures are too high.`];
  });
}

function describe(
  { n, patients, findings, onlyFirst, onlySecond, refused }: ModelComparison,
  [first, second]: readonly [ModelVersion, ModelVersion],
  dataset: string,
  warnings: readonly string[],
): string {
  return [
    `first   ${first.version}  ${first.name}`,
    `second  ${second.version}  ${second.name}`,
    `${dataset}: ${pluralise(n, 'image')}, ${pluralise(patients, 'patient')}; refused by the first ${refused.first}, by the second ${refused.second}`,
    ...findings.flatMap(({ name, n: images, positives, auroc, sensitivity, specificity }) => [
      '',
      `${name}: present in ${positives} of ${images}`,
      `  AUROC        ${figure(auroc, plain)}`,
      `  sensitivity  ${figure(sensitivity, percent)}`,
      `  specificity  ${figure(specificity, percent)}`,
    ]),
    '',
    ...(onlyFirst.length > 0 ? [`only the first reports: ${onlyFirst.join(', ')}`] : []),
    ...(onlySecond.length > 0 ? [`only the second reports: ${onlySecond.join(', ')}`] : []),
    ...warnings.map((line) => `! ${line}`),
    'Differences are second minus first, with 95 % intervals.',
    'Not for diagnosis.',
  ].join('\n');
}

function figure({ first, second, difference, pValue }: ComparedFigure, write: (value: number) => string): string {
  const value = (one: number | null): string => (one === null ? '–' : write(one));
  const signed = (one: number): string => `${one > 0 ? '+' : ''}${write(one)}`;
  const change =
    difference.value === null
      ? `– (${difference.why ?? 'not defined'})`
      : `${signed(difference.value)}${difference.interval ? ` (${signed(difference.interval[0])} to ${signed(difference.interval[1])})` : ''}`;
  return `${value(first.value)} → ${value(second.value)}, difference ${change}${pValue === null ? '' : `, p ${pValue < 0.001 ? '< 0.001' : pValue.toFixed(3)}`}`;
}

function plain(value: number): string {
  return value.toFixed(3);
}

function percent(value: number): string {
  return `${(value * 100).toFixed(1)} %`;
}

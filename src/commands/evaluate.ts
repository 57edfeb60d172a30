import { mkdir, writeFile } from 'node:fs/promises';
import { pluralise } from '../evaluation/pluralise.js';
import { join } from 'node:path';
import sharp from 'sharp';
import { loadConfig } from '../config.js';
import type { Example } from '../dataset/example.js';
import { engineOptionsOf } from '../serving/engine-options.js';
import { startEngine } from '../engine/start-engine.js';
import { Fault } from '../errors.js';
import { evaluationPage } from '../evaluation/page/evaluation-page.js';
import type { EvaluationReport } from '../evaluation/report/evaluation-report.js';
import { evaluateSet } from '../evaluation/report/evaluate-set.js';
import { loadFindings } from '../findings-config.js';
import { createLog, silentLog } from '../log.js';
import type { GreyImage } from '../pixels/image.js';
import { resizeBilinear } from '../pixels/resize.js';
import { scoreExamples } from '../retraining/score-examples.js';

import { chosenModel } from './chosen-model.js';
import type { LineCommand } from './models-change.js';
import { openLabelledImages, type LabelledImages } from './labelled-images.js';
import { progressLine } from './progress-line.js';
import { wholeNumberOption } from './number-options.js';

export interface EvaluateCommand extends LineCommand {
  readonly model: string;
  readonly dataset: string;
  readonly network?: string | undefined;
  readonly testLock?: string | undefined;
  readonly parts?: string | undefined;
  readonly part: string;
  readonly seed: string;
  readonly resamples: string;
  readonly out?: string | undefined;
  readonly json: boolean;
}

/** `evaluate`: what a model version is worth on a data set, as one line of JSON or as a page for a physician. */
export async function evaluate(options: EvaluateCommand): Promise<void> {
  const bootstrap = {
    seed: wholeNumberOption('--seed', options.seed, 0),
    resamples: wholeNumberOption('--resamples', options.resamples, 10),
  };
  const config = loadConfig();
  const version = await chosenModel(options.model, config, options.line);
  const kind = networkOf(options.network, Object.keys(version.networks));
  const served = version.networks[kind]!;
  const images = await openLabelledImages(
    options.dataset,
    options.testLock,
    options.parts === undefined ? undefined : { file: options.parts, part: options.part },
  );
  const engine = await startEngine(engineOptionsOf(config, options.json ? silentLog : createLog({ ...config.log, level: 'warn' })));
  const progress = progressLine('evaluating', options.json);
  try {
    const predictor = await engine.load(served.network);
    const scored = await scoreExamples({
      served,
      predictor,
      kind,
      examples: images.examples,
      picture: images.picture,
      labelRules: loadFindings(config.findingsFile).findings,
      onProgress: progress.tell,
    });
    await predictor.release();
    progress.end();
    if (scored.set.images.length === 0)
      throw new Fault(
        'dataset-invalid',
        `expected images that ${scored.set.classes.join(', ')} can describe, found none among ${images.examples.length} (${scored.unreadable.length} unreadable)`,
        { source: options.dataset },
      );
    const report = evaluateSet(scored.set, {
      model: { name: version.name, version: version.version, deviceUID: version.deviceUID, network: kind },
      dataset: {
        name: images.name,
        split: options.testLock !== undefined ? 'locked test set' : options.parts === undefined ? null : options.part,
      },
      ...bootstrap,
    });
    const complete: EvaluationReport = { ...report, warnings: [...report.warnings, ...leftOut(scored.outside, scored.unreadable.length)] };
    const out =
      options.out ??
      (options.json
        ? undefined
        : join(config.dataDir, 'evaluations', `${version.version}-${images.name}${options.testLock === undefined ? '' : '-test'}`));
    if (out) await writeReport(out, complete, images);
    console.log(options.json ? JSON.stringify(complete) : summary(complete, out!));
  } finally {
    await engine.close();
  }
}

function networkOf(wanted: string | undefined, there: readonly string[]): 'xray' | 'ct' {
  const kind = wanted ?? (there.includes('xray') ? 'xray' : there[0]);
  if ((kind !== 'xray' && kind !== 'ct') || !there.includes(kind))
    throw new Fault('request-invalid', `expected --network ${there.join(' or ')}, found ${kind}`);
  return kind;
}

function leftOut(outside: number, unreadable: number): readonly string[] {
  return [
    ...(outside > 0 ? [`${outside} images left out: none, or more than one, of the classes describes them.`] : []),
    ...(unreadable > 0 ? [`${unreadable} images left out: they could not be read.`] : []),
  ];
}

async function writeReport(directory: string, report: EvaluationReport, images: LabelledImages): Promise<void> {
  await mkdir(directory, { recursive: true });
  const shown = new Map<string, string>();
  for (const { id } of report.topLosses) {
    const example = images.examples.find((one) => (one.file ?? one.key) === id);
    if (example) shown.set(id, await dataAddress(example, images));
  }
  await writeFile(join(directory, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
  await writeFile(
    join(directory, 'report.html'),
    evaluationPage(report, (id) => shown.get(id), `Made ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`),
  );
}

/** Longest side of a picture in the report. */
const shownSide = 320;

async function dataAddress(example: Example, { picture }: LabelledImages): Promise<string> {
  const image = await picture(example);
  const scale = Math.min(1, shownSide / Math.max(image.width, image.height * image.pixelAspect));
  const small: GreyImage = resizeBilinear(
    image,
    Math.max(1, Math.round(image.width * scale)),
    Math.max(1, Math.round(image.height * image.pixelAspect * scale)),
  );
  const grey = Buffer.from(Uint8Array.from(small.values, (value) => Math.round(Math.min(Math.max(value, 0), 1) * 255)));
  const jpeg = await sharp(grey, { raw: { width: small.width, height: small.height, channels: 1 } })
    .jpeg({ quality: 80 })
    .toBuffer();
  return `data:image/jpeg;base64,${jpeg.toString('base64')}`;
}

function summary(report: EvaluationReport, out: string): string {
  const share = (value: number | null): string => (value === null ? '–' : `${(value * 100).toFixed(1)} %`);
  const between = (interval: readonly [number, number] | null, write = share): string =>
    interval ? ` (${write(interval[0])} to ${write(interval[1])})` : '';
  const plain = (value: number | null): string => (value === null ? '–' : value.toFixed(3));
  return [
    `${pluralise(report.n, 'image')}, ${pluralise(report.patients, 'patient')}`,
    `accuracy ${share(report.accuracy)}${between(report.accuracyInterval)}; always the commonest answer ${share(report.majorityRate)}; balanced ${share(report.balancedAccuracy)}`,
    ...report.classes.map((name) => {
      const { auroc, positives, n, sensitivity, specificity } = report.perClass[name]!;
      return `${name}: ${positives} of ${n}; AUROC ${auroc.value === null ? `– (${auroc.why ?? 'not defined'})` : `${plain(auroc.value)}${between(auroc.interval, plain)}`}; sensitivity ${share(sensitivity.value)}, specificity ${share(specificity.value)}`;
    }),
    `calibration error ${plain(report.ece)}, Brier ${plain(report.brier)}`,
    ...report.warnings.map((line) => `! ${line}`),
    `Report: ${join(out, 'report.html')}`,
    'Not for diagnosis.',
  ].join('\n');
}

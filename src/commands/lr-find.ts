import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig } from '../config.js';
import { engineOptionsOf } from '../serving/engine-options.js';
import { startEngine } from '../engine/start-engine.js';
import { Fault } from '../errors.js';
import { truthOf } from '../evaluation/truth.js';
import { loadFindings } from '../findings-config.js';
import { createLog, silentLog } from '../log.js';
import { architectureOf } from '../network/architecture-spec.js';
import type { TrainingImage } from '../training/batches.js';
import { drawRateSearch } from '../training/curves.js';
import { findRate } from '../training/find-rate.js';
import { progressLine } from './progress-line.js';
import { describe } from './train.js';
import { planTraining, type TrainingOptions } from './training-options.js';

export interface LrFindCommand extends TrainingOptions {
  readonly stage: string;
  readonly out: string;
  readonly json: boolean;
}

/** `lr-find`: which learning rate suits a network and a data set, with a plot; nothing is trained for good. */
export async function lrFind(options: LrFindCommand): Promise<void> {
  if (options.stage !== 'head' && options.stage !== 'all')
    throw new Fault('request-invalid', `expected --stage head or all, found ${options.stage}`);
  const config = loadConfig();
  const plan = await planTraining(options, config, new Date().toISOString().slice(0, 10), [{ what: options.stage }]);
  if (!options.json) console.log(describe(plan));
  const rules = loadFindings(config.findingsFile).findings;
  const examples = plan.source.examples.filter((_, index) => plan.split.parts[index] === 'train');
  const reading = progressLine('reading pictures', options.json);
  const unreadable = await plan.cache.fill(plan.source, examples, { onProgress: reading.tell });
  reading.end();
  const train = examples
    .filter(({ key }) => !unreadable.has(key))
    .map(
      (example): TrainingImage => ({
        key: example.key,
        source: example.source,
        truth: truthOf(example, plan.classes, rules),
      }),
    )
    .filter(({ truth }) => plan.objective === 'several' || truth.filter((one) => one === 1).length === 1);
  if (train.length < 2) throw new Fault('dataset-invalid', `expected at least two images to train on, found ${train.length}`);
  const engine = await startEngine(engineOptionsOf(config, options.json ? silentLog : createLog({ ...config.log, level: 'warn' })));
  const searching = progressLine('batch', options.json);
  try {
    const search = await findRate(
      {
        architecture: architectureOf(plan.architecture),
        initial: plan.initial.tensors,
        input: plan.input,
        kind: plan.objective,
        train,
        validation: [],
        cache: plan.cache,
        recipe: plan.recipe,
        engine,
      },
      options.stage,
      searching.tell,
    );
    searching.end();
    await mkdir(options.out, { recursive: true });
    const file = join(options.out, 'lr-find.png');
    await writeFile(file, await drawRateSearch(search.found, search.suggestions));
    if (options.json) console.log(JSON.stringify({ suggestions: search.suggestions ?? null, plot: file, found: search.found }));
    else if (search.suggestions) {
      const { steepest, lowest, valley } = search.suggestions;
      console.log(
        `steepest ${steepest.toExponential(2)} (fastai 1's suggestion), valley ${valley.toExponential(2)} (fastai 2's), lowest loss / 10 ${lowest.toExponential(2)}\n${search.found.length} batches\n${file}`,
      );
    } else console.log(`the search ended after ${search.found.length} batches: too few for a suggestion\n${file}`);
  } finally {
    await engine.close();
  }
}

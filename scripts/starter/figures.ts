import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { importStarterSets, starterSource } from '../../src/commands/starter-sets.js';
import { loadConfig } from '../../src/config.js';
import type { Example } from '../../src/dataset/example.js';
import { isFullField } from '../../src/dataset/full-field.js';
import { readPartsFile } from '../../src/dataset/parts-file.js';
import { startEngine } from '../../src/engine/start-engine.js';
import { defaultPromotionRules } from '../../src/evaluation/promotion/promotion-rules.js';
import { evaluateSet } from '../../src/evaluation/report/evaluate-set.js';
import type { ScoredSet } from '../../src/evaluation/report/scored-set.js';
import { truthOf } from '../../src/evaluation/truth.js';
import { loadFindings } from '../../src/findings-config.js';
import { silentLog } from '../../src/log.js';
import { modelFileSchema } from '../../src/registry/model-file.js';
import { loadModelVersion, type ModelVersion } from '../../src/registry/model-version.js';
import { evaluateChallenger } from '../../src/retraining/evaluate-challenger.js';
import { parseStoredRecipe } from '../../src/training/recipe.js';
import { starterCard } from './card.js';
import { withUnseen } from './worst-unseen.js';
import { figuresSchema, maxMeasured, readFigures, type Figures, type NetworkFigures, type UnseenFigures } from './figures-file.js';
import { predictFiles } from './files.js';
import { outputDecisions, shippedOutputs } from './operating-points.js';
import { coveredFigures, grouped, rounded, scored, seed, setFigures, some, sourceFigures, type Measured } from './measure.js';

/**
 * `npm run starter-figures -- --data DATA --work WORK`: what `train-starter` left in WORK is measured, and becomes models/starter
 * with its figures and its card: the run `--xray` ships, and every run without a source says what the recipe does at that source.
 * A finding that misses its criterion (shipped-findings.ts) becomes an output that the model ignores. Without a run for CT the CT
 * network and its figures remain those of `--model`. `--check` writes nothing and says whether the figures are those of the card.
 */

const { values: options } = parseArgs({
  options: {
    data: { type: 'string' },
    work: { type: 'string' },
    model: { type: 'string', default: 'models/starter' },
    xray: { type: 'string', default: 'xray' },
    check: { type: 'boolean', default: false },
  },
});
if (options.data === undefined || options.work === undefined) throw new Error('expected --data and --work');
const { data, work, model } = { data: options.data, work: options.work, model: options.model };

const all = await importStarterSets(data, join(work, 'sets'));
const engine = await startEngine({ prefer: 'onnx-cpu', log: silentLog });
const labelRules = loadFindings(loadConfig({}).findingsFile).findings;

interface Run {
  readonly name: string;
  readonly version: ModelVersion;
  readonly parts: ReadonlyMap<string, string>;
}

async function openRun(name: string): Promise<Run> {
  const directory = join(work, 'runs', name);
  const version = (await readFile(join(directory, 'model-version'), 'utf8')).trim();
  return { name, version: await loadModelVersion(version), parts: await readPartsFile(join(directory, 'parts.jsonl')) };
}

const source = { xray: starterSource(all, 'xray'), ct: starterSource(all, 'ct') };

function measured(version: ModelVersion, kind: 'xray' | 'ct'): Measured {
  return { version, kind, engine, source: source[kind].source, labelRules };
}

/** Pictures of the network's own kind, as they were published, with something to say about a finding. */
function examplesOf(kind: 'xray' | 'ct', parts: Run['parts'], part: string): readonly Example[] {
  const { guard, classes } = source[kind];
  return source[kind].source.examples
    .filter((example) => example.labels.includes(guard) && !isFullField(example) && parts.get(example.key) === part)
    .map((example) => ({
      ...example,
      unknown: classes.filter((_, output) => truthOf(example, classes, labelRules)[output] === null),
    }));
}

async function networkFigures(
  kind: 'xray' | 'ct',
  version: ModelVersion,
  run: Run,
): Promise<{ readonly figures: Omit<NetworkFigures, 'gate'>; readonly report: ReturnType<typeof evaluateSet> }> {
  const own = measured(version, kind);
  const [validation, test] = [examplesOf(kind, run.parts, 'validation'), examplesOf(kind, run.parts, 'test')];
  say(`${kind}: ${validation.length} validation images, ${test.length} of the locked test set`);
  const testSet = await scored(own, test);
  const { settings, dataset, codeVersion, engine: by, seed: drawn, startedFrom } = run.version.lineage!;
  const recipe = parseStoredRecipe(settings['recipe']);
  const figures: Omit<NetworkFigures, 'gate'> = {
    weights: version.file.networks[kind]!.sha256!,
    made: {
      images: dataset.splits,
      sources: dataset.sources,
      steps: stepsOf(run),
      recipe,
      codeVersion,
      engine: by,
      seed: drawn,
      ...(startedFrom ? { startedFrom } : {}),
    },
    validation: setFigures(await scored(own, validation)),
    test: setFigures(testSet),
    abstention: await abstention(own, kind, run.parts),
  };
  return {
    figures,
    report: evaluateSet(testSet, {
      seed,
      topLosses: 0,
      model: { name: version.name, version: version.version, deviceUID: version.deviceUID, network: kind },
      dataset: { name: 'published sets', split: 'locked test set' },
    }),
  };
}

/** What the gate says of a version at the locked test set. */
async function gateDecision(kind: 'xray' | 'ct', challenger: ModelVersion, run: Run): Promise<NetworkFigures['gate']> {
  const { decision } = await evaluateChallenger({
    kind,
    champion: null,
    challenger,
    engine,
    examples: some(examplesOf(kind, run.parts, 'test'), maxMeasured.gate),
    picture: (example) => source[kind].source.picture(example),
    testSet: 'locked test set',
    findings: labelRules,
    rules: defaultPromotionRules,
    training: trainingTruths(kind, run),
  });
  return rounded(decision);
}

/** Source and truth of each training image: how far one tells the other. */
function trainingTruths(
  kind: 'xray' | 'ct',
  run: Run,
): { readonly source: readonly string[]; readonly labels: Record<string, readonly (0 | 1 | null)[]> } {
  const { classes } = source[kind];
  const train = examplesOf(kind, run.parts, 'train');
  return {
    source: train.map((one) => one.source),
    labels: Object.fromEntries(classes.map((name) => [name, train.map((example) => truthOf(example, [name], labelRules)[0]!)])),
  };
}

function stepsOf({ version }: Run): number {
  const { stages, batch, epochImages } = parseStoredRecipe(version.lineage!.settings['recipe']);
  const images = epochImages ?? version.lineage!.dataset.splits['train'] ?? 0;
  return stages.reduce((sum, { epochs }) => sum + epochs * Math.floor(images / Math.min(batch, images)), 0);
}

/** Pictures that the network is not made for, of the locked test set: how many its guards refuse. */
async function abstention(own: Measured, kind: 'xray' | 'ct', parts: Run['parts']): Promise<NetworkFigures['abstention']> {
  const unsupported = own.source.examples.filter(
    (example) => !example.labels.includes(source[kind].guard) && parts.get(example.key) === 'test',
  );
  const groups = grouped(unsupported, unknownName);
  const drawnFull = own.source.examples.filter((example) => isFullField(example) && parts.get(example.key) === 'test');
  const rows = [
    ...[...groups].sort(([one], [other]) => (one < other ? -1 : 1)),
    ...(drawnFull.length > 0 ? [['the slices drawn as a scanner’s full field (wrongly refused)', drawnFull] as const] : []),
  ];
  const result: { what: string; n: number; refused: number }[] = [];
  for (const [what, examples] of rows) {
    const { images } = await scored(own, some(examples, maxMeasured.refused));
    result.push({ what, n: images.length, refused: images.filter(({ refusal }) => refusal !== undefined).length / images.length });
  }
  return rounded(result);
}

const lookAlikeNames: Readonly<Record<string, string>> = {
  turned: 'turned by a quarter or more',
  'upside-down': 'upside down',
  inverted: 'grey scale inverted',
  'cut-out': 'extreme crops',
  piece: 'a piece on plain ground',
  montage: 'two pictures side by side',
  quarters: 'quarters in another order',
  drawn: 'blank, noise, gradients, stripes, rectangles',
};

function unknownName({ view, source: from }: Example): string {
  const made = lookAlikeNames[view];
  if (made) return made;
  if (from === 'dicom') return 'DICOM files of other body parts and devices';
  if (from.includes('-ct-') || ['ct', 'axial'].includes(view.toLowerCase())) return 'CT slices';
  return view.toLowerCase() === 'l' ? 'lateral chest' : 'frontal chest radiographs';
}

async function unseenFigures(run: Run): Promise<{ readonly figures: UnseenFigures; readonly set: ScoredSet }> {
  const own = measured(run.version, 'xray');
  const examples = some(examplesOf('xray', run.parts, 'left-out'), maxMeasured.unseen);
  say(`${run.name}: ${examples.length} images of what was left out`);
  const set = await scored(own, examples);
  const { n, patients, refused, findings } = setFigures(set);
  const [few, inside] = [some(examples, maxMeasured.covered), some(examplesOf('xray', run.parts, 'validation'), maxMeasured.covered)];
  const leftOut = [...new Set(examples.map((example) => example.source))].sort();
  const [, recipe] = /-recipe-(.+?)(?:-seed-\d+)?(?:-from-scratch)?$/.exec(run.name) ?? [];
  const figures: UnseenFigures = {
    leftOut,
    recipe: recipe ?? (run.name.endsWith('-from-scratch') ? 'from scratch' : 'as shipped'),
    seed: run.version.lineage!.seed,
    isShipped: run.name === options.xray,
    side: run.version.networks.xray!.input.width,
    steps: stepsOf(run),
    n,
    patients,
    refused,
    findings,
    bySource: sourceFigures(set),
    covered: await coveredFigures(own, few),
    validationCovered: await coveredFigures(own, inside),
  };
  return { figures, set };
}

/** The model that ships, in WORK/shipped: thresholds as decided, findings that miss a criterion ignored, and nothing else changed. */
async function shippedVersion(before: ModelVersion, decisions: Figures['decisions']): Promise<ModelVersion> {
  const folder = join(work, 'shipped');
  await mkdir(folder, { recursive: true });
  for (const file of await readdir(before.directory)) await copyFile(join(before.directory, file), join(folder, file));
  const { card: _card, ...file } = before.file;
  const network = file.networks.xray!;
  const outputs = shippedOutputs(network.outputs, decisions);
  const changed = modelFileSchema.parse({ ...file, networks: { ...file.networks, xray: { ...network, outputs } } });
  await writeFile(join(folder, 'model.json'), `${JSON.stringify(changed, undefined, 2)}\n`);
  return loadModelVersion(folder);
}

function say(line: string): void {
  console.log(line);
}

const runs = (await readdir(join(work, 'runs'))).sort();
const xray = await openRun(options.xray);
const ct = runs.includes('ct') ? await openRun('ct') : undefined;
// the run of CT kept the X-ray network: its version is the whole model
const whole = ct?.version ?? xray.version;
const elsewhere: Awaited<ReturnType<typeof unseenFigures>>[] = [];
for (const name of runs.filter((one) => one.startsWith('xray-without-'))) {
  if (existsSync(join(work, 'runs', name, 'model-version'))) elsewhere.push(await unseenFigures(await openRun(name)));
  else say(`${name}: not finished, left out of the figures`);
}
const measuredXray = await networkFigures('xray', whole, xray);
const unseen = elsewhere.map((one) => one.figures);
const decisions = outputDecisions(
  measuredXray.figures.test,
  unseen,
  elsewhere.map(({ set }) => set),
);
for (const { name, isShipped, why } of decisions) say(`${name}: ${isShipped ? 'ships' : 'does not ship'}. ${why}`);
if (!decisions.some(({ isShipped }) => isShipped)) {
  await engine.close();
  await writeFile(join(work, 'figures.json'), `${JSON.stringify({ xray: measuredXray.figures, unseen, decisions }, undefined, 1)}\n`);
  say(`No finding reaches its criteria: ${model} stays as it is. The figures are in ${join(work, 'figures.json')}.`);
  process.exit(1);
}
const shipped = await shippedVersion(whole, decisions);
const gate = await gateDecision('xray', shipped, xray);
const measuredCt = ct ? await measuredAnew(ct) : await keptCt(shipped);
const figures: Figures = figuresSchema.parse({
  xray: { ...measuredXray.figures, gate },
  ct: measuredCt.figures,
  unseen,
  decisions,
  files: await predictFiles(data, shipped, engine),
});
await engine.close();

const written = { 'figures.json': `${JSON.stringify(figures, undefined, 1)}\n`, 'CARD.md': starterCard(figures, shipped.file) };
if (options.check) {
  const differing: string[] = [];
  for (const [file, content] of Object.entries(written)) if ((await readFile(join(model, file), 'utf8')) !== content) differing.push(file);
  say(differing.length === 0 ? 'The figures are those of the card.' : `Not the same: ${differing.join(', ')}`);
  process.exitCode = differing.length === 0 ? 0 : 1;
} else {
  await mkdir(model, { recursive: true });
  for (const file of ['xray.safetensors', 'ct.safetensors', 'lineage.json'])
    await copyFile(join(shipped.directory, file), join(model, file));
  await writeFile(
    join(model, 'model.json'),
    `${JSON.stringify({ ...shipped.file, figures: { xray: withUnseen(shown(figures.xray), unseen), ct: shown(figures.ct) } }, undefined, 2)}\n`,
  );
  await writeFile(join(model, 'metrics.json'), `${JSON.stringify(rounded({ xray: measuredXray.report, ct: measuredCt.report }))}\n`);
  for (const [file, content] of Object.entries(written)) await writeFile(join(model, file), content);
  say(`${model}: version ${shipped.version}`);
}

async function measuredAnew(run: Run): Promise<{ readonly figures: NetworkFigures; readonly report: unknown }> {
  const { figures: own, report } = await networkFigures('ct', whole, run);
  return { figures: { ...own, gate: await gateDecision('ct', shipped, run) }, report };
}

/** The CT network of `--model` with its figures, if the weights are the same. */
async function keptCt(now: ModelVersion): Promise<{ readonly figures: NetworkFigures; readonly report: unknown }> {
  const { ct: before } = await readFigures(model);
  const found = now.file.networks.ct?.sha256;
  if (before.weights !== found)
    throw new Error(`expected the CT network of ${model} (${before.weights}), found ${found ?? 'none'}; train it`);
  const metrics = JSON.parse(await readFile(join(model, 'metrics.json'), 'utf8')) as { readonly ct: unknown };
  return { figures: { ...before, gate: { ...before.gate, challenger: now.version } }, report: metrics.ct };
}

/** What model.json shows. */
function shown({ test }: NetworkFigures): Record<string, unknown> {
  const findings = Object.entries(test.findings).map(
    ([name, { n, positives, patients, auroc, brier, ece }]) =>
      [name, { n, positive: positives, patients, auroc: auroc.value, aurocInterval: auroc.interval, brier, ece }] as const,
  );
  return { ...Object.fromEntries(findings), gate: { chestWronglyRefused: test.refused } };
}

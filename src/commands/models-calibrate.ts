import { loadConfig, modelLine, type Config } from '../config.js';
import { startEngine } from '../engine/start-engine.js';
import { Fault } from '../errors.js';
import { calibrateLocally, type LocalCalibration } from '../evaluation/local-calibration.js';
import { pluralise } from '../evaluation/pluralise.js';
import { loadFindings } from '../findings-config.js';
import { createLog, silentLog } from '../log.js';
import type { Candidate } from '../registry/candidate.js';
import type { ModelVersion, ServedNetwork } from '../registry/model-version.js';
import { revisedCandidate } from '../registry/revise-version.js';
import type { LocalLabels } from '../retraining/local-labels.js';
import { scoreExamples, type ScoredExamples } from '../retraining/score-examples.js';
import { engineOptionsOf } from '../serving/engine-options.js';
import { openReader } from '../serving/image-reader.js';
import { softwareVersion } from '../software-version.js';
import { chosenModel, registryOf } from './chosen-model.js';
import { openLabelledImages } from './labelled-images.js';
import type { LineCommand } from './models-change.js';
import { wholeNumberOption } from './number-options.js';
import { withLocalLabels } from './open-local-labels.js';
import { progressLine } from './progress-line.js';
import { replaceChallenger } from './replace-challenger.js';

export interface CalibrateCommand extends LineCommand {
  readonly dataset?: string | undefined;
  readonly network: string;
  readonly minPatients: string;
  readonly json: boolean;
}

type LabelledExamples = Pick<LocalLabels, 'open' | 'picture'>;

/**
 * `models calibrate`: temperature, bias and thresholds of a version from local labels, as a new version: from the readers' labels
 * outside the locked test set, or from a data set. Findings with too few labels keep the publisher's, marked as not calibrated here.
 */
export async function calibrateModel(name: string, options: CalibrateCommand): Promise<void> {
  const { network: kind, json } = options;
  if (kind !== 'xray' && kind !== 'ct') throw new Fault('request-invalid', `expected --network xray or ct, found ${kind}`);
  if (kind === 'ct' && options.dataset === undefined)
    throw new Fault('request-invalid', "expected --dataset with --network ct, because readers' labels are used for X-rays only");
  const min = wholeNumberOption('--min-patients', options.minPatients, 10);
  const config = loadConfig();
  const registry = registryOf(config, modelLine(config, options.line).name);
  const before = await chosenModel(name, config, options.line);
  const served = before.networks[kind];
  if (!served) throw new Fault('request-invalid', `expected a network for ${kind} in version ${before.version}, found none`);
  const scored = await scoreLabelled(served, kind, options, config);
  const { set, logits } = scored.scores;
  const calibration = calibrateLocally(
    served,
    { logits, patients: set.images.map(({ patient }) => patient), yTrue: set.images.map(({ yTrue }) => yTrue) },
    min,
  );
  if (calibration.calibrated.length === 0)
    throw new Fault(
      'dataset-invalid',
      `expected ${min} patients with and ${min} without a finding, found ${countsOf(calibration)}: the thresholds stay the publisher's`,
    );
  const candidate = await calibratedCandidate(before, kind, calibration, scored);
  const after = await registry.add(candidate);
  const role = await replaceChallenger(registry, before.version, after.version, 'it was calibrated on local labels');
  const { calibrated, notCalibrated } = calibration;
  if (json) console.log(JSON.stringify({ version: after.version, parent: before.version, network: kind, calibrated, notCalibrated, role }));
  else {
    console.log(`${after.version}  ${after.name}: calibrated here: ${calibrated.join(', ')}`);
    if (notCalibrated.length > 0) console.log(`not calibrated here: ${countsOf(calibration)}; needed ${min} and ${min}`);
    if (role === 'challenger') console.log('it is the challenger now');
  }
}

function countsOf({ notCalibrated }: LocalCalibration): string {
  return notCalibrated.map(({ name, present, absent }) => `${name} ${present} with and ${absent} without`).join(', ');
}

interface LabelledScores {
  readonly scores: ScoredExamples;
  readonly source: string;
  readonly engine: string;
  /** Keyed hashes of the patients; none where a data set names them. */
  readonly patients: readonly string[];
}

async function scoreLabelled(
  served: ServedNetwork,
  kind: 'xray' | 'ct',
  { dataset, line, json }: CalibrateCommand,
  config: Config,
): Promise<LabelledScores> {
  const rules = loadFindings(config.findingsFile).findings;
  const engine = await startEngine(engineOptionsOf(config, json ? silentLog : createLog({ ...config.log, level: 'warn' })));
  const reader = openReader(config, { xray: served.input, ct: undefined });
  const progress = progressLine('reading image', json);
  const score = async ({ open, picture }: LabelledExamples): Promise<ScoredExamples> => {
    const predictor = await engine.load(served.network);
    try {
      return await scoreExamples({ served, predictor, kind, examples: open, picture, labelRules: rules, onProgress: progress.tell });
    } finally {
      await predictor.release();
      progress.end();
    }
  };
  try {
    if (dataset !== undefined) {
      const images = await openLabelledImages(dataset);
      const scores = await score({ open: images.examples, picture: images.picture });
      return { scores, source: images.name, engine: engine.description.name, patients: [] };
    }
    const findings = served.outputs.flatMap((one) => (one.kind === 'finding' ? [one.name] : []));
    return await withLocalLabels(config, line, findings, reader, async (labels) => ({
      scores: await score(labels),
      source: "readers' labels",
      engine: engine.description.name,
      patients: [...new Set(labels.open.map(({ patient }) => patient))],
    }));
  } finally {
    await reader.close();
    await engine.close();
  }
}

/** The patients of the labels are on record like those of training: none of them may be in a test set of this version. */
async function calibratedCandidate(
  before: ModelVersion,
  kind: 'xray' | 'ct',
  { outputs, calibrated, notCalibrated }: LocalCalibration,
  { scores: { set }, source, engine, patients }: LabelledScores,
): Promise<Candidate> {
  const now = new Date();
  const created = now.toISOString().slice(0, 10);
  const images = set.images.length;
  const still = notCalibrated.map(({ name }) => name);
  const candidate = await revisedCandidate(before, kind, {
    outputs,
    created,
    record: { name: 'calibration', content: { source, images, calibrated, notCalibrated: still, at: now.toISOString() } },
    paragraph: `## Calibration, ${kind}\n\nTemperature and thresholds of ${calibrated.join(', ')} were fitted on ${created} on ${pluralise(images, 'labelled image')} (${source}).${still.length > 0 ? ` Not calibrated here: ${still.join(', ')}.` : ''}`,
    codeVersion: softwareVersion,
    engine,
  });
  const trainedOn = [...new Set([...(candidate.lineage.trainedOn ?? []), ...patients])].sort();
  return trainedOn.length === 0 ? candidate : { ...candidate, lineage: { ...candidate.lineage, trainedOn } };
}

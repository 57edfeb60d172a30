import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startEngine } from '../../../src/engine/start-engine.js';
import { loadFindings } from '../../../src/findings-config.js';
import { loadConfig } from '../../../src/config.js';
import { silentLog } from '../../../src/log.js';
import { readMetadataCsv } from '../../../src/dataset/metadata-csv.js';
import { readExamplePicture } from '../../../src/dataset/read-picture.js';
import type { Example } from '../../../src/dataset/example.js';
import { slugOf } from '../../../src/dataset/slug.js';
import type { LabelOrigin } from '../../../src/lib/label-origin.js';
import { keyedRandom, shuffled } from '../../../src/lib/seeded-random.js';
import { loadModelVersion } from '../../../src/registry/model-version.js';
import { scoreExamples } from '../../../src/retraining/score-examples.js';

/**
 * What a starter says of published radiographs, one row an image and no picture: tests/fixtures/starter/shipped-scores.json.
 *
 *     node dist/tests/oracles/starter/measure-shipped.js DATA MODEL OUT
 *
 * DATA is a folder with a folder for each set, MODEL one with model.json. At most `perSource` images of each set, drawn by a seed.
 * The test that reads the file measures again where CHEST_AI_STARTER_DATA and CHEST_AI_SHIPPED_STARTER name DATA and MODEL.
 */

const perSource = 200;

interface SetLabels {
  readonly set: string;
  /** How far the labels of the set can be trusted. */
  readonly origin: LabelOrigin;
  /** Taken before 2019, or of patients with another proven cause: COVID-19 is absent whatever else is there. */
  readonly withoutCovid: boolean;
}

/** Sets that the starter of November 2026 never saw; see the README of the data. */
const unseen: readonly SetLabels[] = [
  { set: 'shenzhen-tb', origin: 'radiologist', withoutCovid: true },
  { set: 'jsrt', origin: 'radiologist', withoutCovid: true },
  { set: 'openist-normal', origin: 'radiologist', withoutCovid: true },
  { set: 'hannover-mhh', origin: 'report', withoutCovid: false },
  { set: 'covid-chestxray-2020-06', origin: 'report', withoutCovid: false },
  { set: 'covid-cxnet', origin: 'report', withoutCovid: false },
];

/** Causes of pneumonia that are not among the names of config/findings.json. */
const causes = /bacterial|streptococcus|klebsiella|e-coli|legionella|mycoplasma|varicella|influenza|lipoid|sars|pneumocystis|pneumonia/;

export function examplesOf(data: string, { set, origin, withoutCovid }: SetLabels): readonly Example[] {
  const file = join(data, set, 'metadata.csv');
  const { rows } = readMetadataCsv(readFileSync(file), file);
  const frontal = rows.filter(({ view, filename }) => !/^(l|ct|axial)/i.test(view) && existsSync(join(data, set, 'images', filename)));
  return shuffled(frontal, keyedRandom('shipped starter', set).next)
    .slice(0, perSource)
    .map(({ filename, patient, view, finding }) => {
      const findings = finding.split('|').map(slugOf);
      const normal = findings.includes('no-finding');
      const labels = normal
        ? []
        : [...new Set(findings.flatMap((one) => (one !== 'covid-19' && causes.test(one) ? [one, 'pneumonia'] : [one])))];
      const isCovid = labels.includes('covid-19');
      const absent = normal ? ['abnormal'] : withoutCovid || !isCovid ? ['covid-19'] : [];
      return {
        key: filename,
        file: filename,
        patient: createHash('sha256').update(`shipped ${set}/${patient}`).digest('hex').slice(0, 12),
        source: set,
        view,
        labels,
        absent,
        origins: Object.fromEntries([...labels, ...absent].map((name) => [name, origin])),
      };
    });
}

export interface ShippedScores {
  readonly version: string;
  readonly classes: readonly string[];
  readonly thresholds: readonly number[];
  /** source, view, hash of the patient, truths, abnormal (1, 0, null), probabilities, stage that refuses: '' | frontal | network. */
  readonly rows: readonly (readonly [string, string, string, readonly (0 | 1 | null)[], 0 | 1 | null, readonly number[], string])[];
  readonly origins: Readonly<Record<string, LabelOrigin>>;
}

export async function measureShipped(data: string, model: string): Promise<ShippedScores> {
  const version = await loadModelVersion(model);
  const engine = await startEngine({ prefer: 'onnx-cpu', log: silentLog });
  const served = version.networks.xray!;
  const predictor = await engine.load(served.network);
  const rows: ShippedScores['rows'][number][] = [];
  let thresholds: readonly number[] = [];
  for (const one of unseen) {
    const { set } = await scoreExamples({
      served,
      predictor,
      kind: 'xray',
      examples: examplesOf(data, one),
      picture: async ({ file }) => {
        const path = join(data, one.set, 'images', file!);
        return readExamplePicture(readFileSync(path), path);
      },
      labelRules: loadFindings(loadConfig({}).findingsFile).findings,
    });
    thresholds = set.thresholds;
    for (const { source, view, patient, yTrue, abnormal, yScore, refusal } of set.images)
      rows.push([
        source,
        view,
        patient,
        yTrue,
        abnormal === undefined ? null : abnormal ? 1 : 0,
        yScore.map((score) => Math.round(score * 1e4) / 1e4),
        refusal === undefined ? '' : /^(not a frontal chest|inverted|turned|blank)/.test(refusal) ? 'frontal' : 'network',
      ]);
  }
  await predictor.release();
  await engine.close();
  return {
    version: version.version,
    classes: served.outputs.flatMap((output) => (output.kind === 'finding' ? [output.name] : [])),
    thresholds,
    rows,
    origins: Object.fromEntries(unseen.map(({ set, origin }) => [set, origin])),
  };
}

const [, script, data, model, out] = process.argv;
if (script?.endsWith('measure-shipped.js') && data && model && out) {
  const scores = await measureShipped(data, model);
  writeFileSync(
    out,
    `${JSON.stringify({ ...scores, rows: undefined }).slice(0, -1)},"rows":[\n${scores.rows.map((row) => JSON.stringify(row)).join(',\n')}\n]}\n`,
  );
}

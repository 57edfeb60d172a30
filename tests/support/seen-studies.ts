import { driftReference, type DriftReference } from '../../src/evaluation/drift/reference.js';
import { mulberry32, type Uniform } from '../../src/lib/seeded-random.js';
import type { StudyStatisticsRow } from '../../src/store/study-statistics.js';
import { checkDrift, type DriftCheckPorts } from '../../src/monitoring/check-drift.js';
import { observationOf } from '../../src/monitoring/study-statistics.js';
import { phantomPatient, type PhantomPatient } from './phantom-patients.js';

/** What a site sends: synthetic chests, each with what a linear "network" says of it, and the tags of its machines. */
export interface SiteOptions {
  readonly site: string;
  /** Another grey scale, as after an update of the detector's software. */
  readonly darker?: boolean;
  readonly manufacturers?: readonly string[];
}

const model = 'abcdef012345';
const patients: PhantomPatient[] = [];

function patient(number: number): PhantomPatient {
  return (patients[number] ??= phantomPatient(number));
}

/** @param seed of these patients alone */
export function studiesOf(
  { site, darker = false, manufacturers = ['ACME', 'BETA'] }: SiteOptions,
  count: number,
  seed: number,
  daysAgo: (index: number) => number,
  now: Date,
): readonly StudyStatisticsRow[] {
  const uniform = mulberry32(seed);
  return Array.from({ length: count }, (_, index) => {
    const { image, diseased } = patient(Math.floor(uniform() * 96));
    const exposure = 0.85 + 0.3 * uniform();
    const shown = { ...image, values: image.values.map((value) => Math.min(1, exposure * (darker ? value ** 1.6 : value))) };
    const brightness = shown.values.reduce((sum, one) => sum + one, 0) / shown.values.length;
    const probability = 1 / (1 + Math.exp(-((diseased ? 1 : -1) + 8 * (brightness - 0.45) + gaussian(uniform))));
    const distance = 10 + 20 * Math.abs(brightness - 0.45) + gaussian(uniform);
    const tags = {
      Modality: uniform() < 0.7 ? 'DX' : 'CR',
      Manufacturer: manufacturers[Math.floor(uniform() * manufacturers.length)]!,
      ViewPosition: uniform() < 0.6 ? 'PA' : 'AP',
      PatientAge: ['20 to 39', '40 to 59', '60 to 79'][Math.floor(uniform() * 3)]!,
    };
    const { numbers, names } = observationOf(shown, tags, { accepted: true, distance, probabilities: { pneumonia: probability } });
    return {
      studyInstanceUID: `${site}.${seed}.${index}`,
      network: 'xray',
      modelVersion: model,
      site,
      predictedAt: new Date(now.getTime() - daysAgo(index) * 86_400_000),
      numbers,
      names,
      decisions: { pneumonia: probability >= 0.5 ? 'present' : 'absent' },
    };
  });
}

function gaussian(uniform: Uniform): number {
  return Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

export function referenceOf(rows: readonly StudyStatisticsRow[]): DriftReference {
  return driftReference(rows);
}

/** A look over rows at hand. */
export function look(
  rows: readonly StudyStatisticsRow[],
  now: Date,
  reference?: DriftReference,
  change: Partial<DriftCheckPorts> = {},
): ReturnType<typeof checkDrift> {
  const inOrder = [...rows].sort((a, b) => a.predictedAt.getTime() - b.predictedAt.getTime());
  return checkDrift({
    statistics: {
      since: async (from) => inOrder.filter(({ predictedAt }) => predictedAt >= from),
      first: async ({ site, network, before, modelVersion, limit }) =>
        inOrder
          .filter(
            (row) =>
              row.site === site &&
              row.network === network &&
              row.predictedAt < before &&
              (modelVersion === undefined || row.modelVersion === modelVersion),
          )
          .slice(0, limit),
      labelled: async (version, from) => inOrder.filter(({ modelVersion, predictedAt }) => modelVersion === version && predictedAt >= from),
    },
    agreedLabelsOf: async () => [],
    model: { version: model, kinds: ['xray'], ...(reference ? { reference: { xray: reference } } : {}) },
    rules: { windowDays: 7, minStudies: 50, alpha: 0.01, minShift: 0.2, minFall: 0.1 },
    clock: { now: () => now },
    ...change,
  });
}

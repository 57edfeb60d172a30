import { agreedLabelsOf } from '../assessments/agreed-labels.js';
import { computeDrift } from '../monitoring/drift-story.js';
import { loadConfig, modelLine } from '../config.js';
import { Fault } from '../errors.js';
import type { ComparedQuantity, DriftReport } from '../evaluation/drift/drift-report.js';
import { withStore } from './administration.js';
import { chosenModel } from './chosen-model.js';

/** `drift`: checks for drift now, as the service does by drift.schedule; nothing is stored and no alarm is raised. Exit status 3 if drift was found. */
export async function showDrift({ json, line }: { readonly json: boolean; readonly line: string }): Promise<void> {
  const config = loadConfig();
  const { drift } = modelLine(config, line);
  const report = await withStore((store) =>
    computeDrift({
      config: { drift },
      store: store.ofLine(line),
      agreedLabelsOf: (studies) => agreedLabelsOf(studies, store.labels),
      champion: () => chosenModel('champion', config, line),
    }),
  );
  if (!report) throw new Fault('model-unknown', `expected a champion of the model line ${line}, found none`);
  console.log(json ? JSON.stringify(report) : describe(report, drift.minStudies));
  if (report.groups.some(({ quantities, agreement }) => [...quantities, ...agreement].some(({ alarm }) => alarm))) process.exitCode = 3;
}

const words = {
  'training-of-site': 'training images of this site',
  training: 'all training images',
  'first-studies': "this site's first studies",
} as const;

function describe({ modelVersion, windowDays, withoutReference, tests, groups }: DriftReport, minStudies: number): string {
  const head = [
    `model ${modelVersion}, the last ${windowDays} days, ${tests} tests`,
    ...withoutReference.map(
      (network) => `its ${network} network came without a training reference: each site is compared with its own first studies`,
    ),
    ...(groups.length === 0 ? ['no study was predicted in these days'] : []),
  ];
  const body = groups.flatMap(({ site, network, studies, quantities, agreement }) => [
    `\n${site}, ${network}: ${studies} studies${studies < minStudies ? ` (${minStudies} are needed for a comparison)` : quantities.length === 0 ? ' (nothing to compare with yet)' : ''}`,
    ...quantities.map(
      (one) =>
        `  ${one.alarm ? 'MOVED ' : '      '}${one.quantity.padEnd(28)} stability ${one.stability.toFixed(3)} (by chance ${one.expectedStability.toFixed(3)}), p ${shortP(one.adjustedP)}, ${moves(one)}; against ${words[one.against]}`,
    ),
    ...agreement.map(
      ({ finding, before, lately, alarm }) =>
        `  ${alarm ? 'FALLEN' : '      '} agreement on ${finding}: ${share(lately)}, before ${share(before)}`,
    ),
  ]);
  return [...head, ...body, '\nNot for diagnosis.'].join('\n');
}

function moves({ before, lately, moved }: ComparedQuantity): string {
  if (before.mean !== null && lately.mean !== null)
    return `mean ${lately.mean.toPrecision(3)} of ${lately.n}, before ${before.mean.toPrecision(3)} of ${before.n}`;
  return moved ? `"${moved.name}" ${percent(moved.lately)}, before ${percent(moved.before)}` : `the same in ${lately.n}`;
}

function share({ confirmed, n, interval }: DriftReport['groups'][number]['agreement'][number]['before']): string {
  return `${confirmed} of ${n}${interval ? ` (${percent(interval[0])} to ${percent(interval[1])})` : ''}`;
}

function percent(value: number): string {
  return `${(value * 100).toFixed(0)} %`;
}

function shortP(p: number): string {
  return p < 0.001 ? '< 0.001' : p.toFixed(3);
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig, projectRoot } from '../../src/config.js';
import {
  chooseByPolicy,
  chooseFirstIn,
  classifierOf,
  readAll,
  studiesOf,
  type ChooseNext,
  type Department,
  type SimulatedFinding,
  type SimulatedReading,
} from '../support/department.js';

/*
 * A simulated department: turnaround (arrival to the end of reading) of each finding in the order of arrival, in the order of triage
 * without a limit, and with it. The same studies, arrivals and reading times in all three.
 */

const seeds = Array.from({ length: 20 }, (_, index) => index + 1);
const hours = (from: number, to: number, value: number, otherwise: readonly number[]): readonly number[] =>
  otherwise.map((one, hour) => (hour >= from && hour < to ? value : one));
/** Arrivals an hour: from 8 to 18, until 22, otherwise. */
const loads = { usual: [24, 12, 7], busy: [28, 14, 8] } as const;
const readers = hours(
  8,
  17,
  2,
  Array.from({ length: 24 }, () => 1),
);
const days = 28;
const reading = { median: 4, sigma: 0.5 };

interface ClassFigures {
  readonly n: number;
  readonly positives: number;
  readonly roc: readonly (readonly [number, number])[];
}

interface Scenario {
  readonly name: string;
  readonly findings: readonly SimulatedFinding[];
}

export const title = 'Triage';

export async function bench(): Promise<void> {
  const { triage } = loadConfig({});
  console.log(
    `${seeds.length} departments of ${days} days; 2 readers from 8 to 17, else 1; reading takes ${reading.median} min (median, log-normal, ` +
      `sigma ${reading.sigma}); limit ${triage.maxWaitMinutes} min. Turnaround in minutes: median / 95 % / longest\n`,
  );
  for (const [load, [day, evening, otherwise]] of Object.entries(loads)) {
    const arrivals = hours(
      18,
      22,
      evening,
      hours(
        8,
        18,
        day,
        Array.from({ length: 24 }, () => otherwise),
      ),
    );
    const total = arrivals.reduce((sum, one) => sum + one, 0);
    const work = (total * reading.median * Math.exp(reading.sigma ** 2 / 2)) / 60;
    const share = Math.round((100 * work) / readers.reduce((sum, one) => sum + one, 0));
    console.log(
      `${load}: ${total} studies a day (${day} an hour from 8 to 18, ${evening} until 22, else ${otherwise}), ${share} % of the readers' time\n`,
    );
    for (const { name, findings } of scenarios()) {
      console.log(name);
      const department: Department = { days, arrivals, readers, reading, findings };
      const policies: Readonly<Record<string, () => ChooseNext>> = {
        'first in, first out': () => chooseFirstIn,
        'triage without limit': () => chooseByPolicy({ weights: triage, maxWaitMinutes: undefined }),
        triage: () => chooseByPolicy({ weights: triage, maxWaitMinutes: triage.maxWaitMinutes }),
      };
      const readings = Object.fromEntries(Object.keys(policies).map((policy) => [policy, [] as SimulatedReading[]]));
      for (const seed of seeds) {
        const studies = studiesOf(department, seed);
        for (const [policy, choose] of Object.entries(policies))
          for (const one of readAll(studies, readers, choose())) readings[policy]!.push(one);
      }
      const names = findings.map((one) => one.name);
      report(names, readings, triage.maxWaitMinutes);
    }
  }
}

function scenarios(): readonly Scenario[] {
  const { xray } = JSON.parse(readFileSync(join(projectRoot, 'models/starter/metrics.json'), 'utf8')) as {
    readonly xray: { readonly perClass: Readonly<Record<string, ClassFigures>> };
  };
  const model = JSON.parse(readFileSync(join(projectRoot, 'models/starter/model.json'), 'utf8')) as {
    readonly networks: { readonly xray: { readonly outputs: readonly { name: string; absentBelow?: number; presentFrom?: number }[] } };
  };
  const of = (name: string, prevalence: number): SimulatedFinding => {
    const { n, positives, roc } = xray.perClass[name]!;
    const shipped = model.networks.xray.outputs.find((one) => one.name === name);
    // The outputs that do not ship have no thresholds: absent below their prevalence, where the image speaks against the finding.
    const thresholds = { absentBelow: shipped?.absentBelow ?? positives / n, presentFrom: shipped?.presentFrom ?? 0.5 };
    return { name, prevalence, classifier: classifierOf(roc, positives / n, thresholds) };
  };
  return [
    { name: "The starter's finding, by its ROC", findings: [of('abnormal', 0.35)] },
    {
      name: "Six findings, by the ROC of the starter's outputs that do not ship",
      findings: [
        of('pneumothorax', 0.02),
        of('pleural-effusion', 0.1),
        of('opacity', 0.12),
        of('cardiomegaly', 0.08),
        of('atelectasis', 0.08),
        of('lung-nodule-or-mass', 0.04),
      ],
    },
  ];
}

function report(names: readonly string[], readings: Readonly<Record<string, readonly SimulatedReading[]>>, limit: number): void {
  const policies = Object.keys(readings);
  console.log(`| finding | studies | ${policies.join(' | ')} |`);
  console.log(`| --- | --- | ${policies.map(() => '---').join(' | ')} |`);
  const p95 = new Map<string, number>();
  for (const name of [...names, 'none', 'all']) {
    const cells = policies.map((policy) => {
      const minutes = readings[policy]!.filter(
        ({ study }) => name === 'all' || (name === 'none' ? study.truth.length === 0 : study.truth.includes(name)),
      )
        .map(({ study, endsAt }) => endsAt - study.arrivesAt)
        .sort((one, other) => one - other);
      const at = (share: number): number => minutes[Math.min(minutes.length - 1, Math.floor(share * minutes.length))]!;
      p95.set(`${policy} ${name}`, at(0.95));
      return { n: minutes.length, text: `${at(0.5).toFixed(0)} / ${at(0.95).toFixed(0)} / ${minutes.at(-1)!.toFixed(0)}` };
    });
    console.log(`| ${name} | ${cells[0]!.n} | ${cells.map(({ text }) => text).join(' | ')} |`);
  }
  const [fifo, , triage] = policies as [string, string, string];
  const longer = names.map((name) => ({ name, by: p95.get(`${triage} ${name}`)! - p95.get(`${fifo} ${name}`)! }));
  const worst = longer.reduce((one, other) => (other.by > one.by ? other : one));
  console.log(
    `no finding of weight > 0 waits longer at 95 % than in first-in-first-out by more than the limit of ${limit} min: ` +
      `${worst.by <= limit ? 'holds' : 'DOES NOT HOLD'} (${worst.name}: ${worst.by.toFixed(0)} min)\n`,
  );
}

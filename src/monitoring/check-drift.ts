import { agreementOfReaders, pOfNoFall } from '../evaluation/drift/agreement-fall.js';
import { driftBetween, isShift, type DriftRules, type QuantityDrift } from '../evaluation/drift/compare.js';
import type { ComparedAgreement, ComparedQuantity, DriftReport } from '../evaluation/drift/drift-report.js';
import { holmAdjusted } from '../evaluation/drift/holm.js';
import { siteReference, type DriftReference, type SiteReference } from '../evaluation/drift/reference.js';
import type { ReportedDecisions, StatisticsOfStudies, StudyStatisticsRow } from '../store/study-statistics.js';
import type { ImageKind } from '../serving/model.js';
import type { AgreedLabel } from '../store/labels.js';

export interface DriftCheckPorts {
  readonly statistics: Pick<StatisticsOfStudies, 'since' | 'first' | 'labelled'>;
  /** Labels of these studies on which the readers agree. */
  agreedLabelsOf(studies: readonly string[]): Promise<readonly AgreedLabel[]>;
  /** The champion, with the reference of its version. */
  readonly model: {
    readonly version: string;
    readonly kinds: readonly ImageKind[];
    readonly reference?: { readonly [kind in ImageKind]?: DriftReference | undefined } | undefined;
  };
  readonly rules: DriftRules & { readonly windowDays: number };
  readonly clock: { now(): Date };
}

type Against = ComparedQuantity['against'];
type Compared = QuantityDrift & { readonly against: Against };
type AgreementPair = Omit<ComparedAgreement, 'adjustedP' | 'alarm'>;

/** If the version has no reference, this many of the site's first studies replace it. */
const firstStudies = 500;
/** Days before the window whose agreement is the comparison for the window. */
const agreementDays = 90;
/** Only the sites with the most studies are tested: a PACS that names a site for each device would otherwise add too many tests. */
const maxGroups = 40;
const dayMs = 86_400_000;

/**
 * Compares the studies of the last days, site by site, with the images that the champion was trained on, and the readers' agreement
 * with the model before and within these days. Nothing is written.
 */
export async function checkDrift(ports: DriftCheckPorts): Promise<DriftReport> {
  const { model, rules, statistics, clock } = ports;
  const now = clock.now();
  const from = new Date(now.getTime() - rules.windowDays * dayMs);
  const rows = await statistics.since(from);
  const pairs = await agreementPairs(ports, from);
  const groups = await Promise.all(
    groupsOf(rows).map(async ([key, own]) => {
      const { site, network } = own[0]!;
      return {
        key,
        site,
        network,
        own,
        quantities: own.length < rules.minStudies ? [] : await comparedOf(own, from, ports),
        agreement: pairs.get(key) ?? [],
      };
    }),
  );
  const tests = groups.flatMap(({ key, quantities, agreement }) => [
    ...quantities.map(({ quantity, pValue }) => ({ key: key + quantity, pValue })),
    ...agreement.flatMap(({ finding, pValue }) => (pValue === null ? [] : [{ key: `${key}agreement:${finding}`, pValue }])),
  ]);
  const adjusted = holmAdjusted(tests.map(({ pValue }) => pValue));
  const adjustedOf = new Map(tests.map(({ key }, index) => [key, adjusted[index]!]));
  return {
    madeAt: now.toISOString(),
    modelVersion: model.version,
    from: from.toISOString(),
    windowDays: rules.windowDays,
    withoutReference: model.kinds.filter((kind) => !model.reference?.[kind]),
    tests: tests.length,
    groups: groups.map(({ key, site, network, own, quantities, agreement }) => ({
      site,
      network,
      studies: own.length,
      quantities: quantities.map((one) => {
        const adjustedP = adjustedOf.get(key + one.quantity)!;
        return { ...one, adjustedP, alarm: isShift(one, adjustedP, rules) };
      }),
      agreement: agreement.map((one) => {
        const adjustedP = adjustedOf.get(`${key}agreement:${one.finding}`) ?? null;
        return {
          ...one,
          adjustedP,
          alarm: adjustedP !== null && adjustedP < rules.alpha && one.before.value! - one.lately.value! >= rules.minFall,
        };
      }),
    })),
  };
}

/** The alarms of a report, each with one line of figures and no text from a DICOM header. */
export function alarmsIn({
  groups,
}: DriftReport): readonly { readonly site: string; readonly network: ImageKind; readonly quantity: string; readonly detail: string }[] {
  return groups.flatMap(({ site, network, quantities, agreement }) => [
    ...quantities.filter(({ alarm }) => alarm).map((one) => ({ site, network, quantity: one.quantity, detail: detailOf(one) })),
    ...agreement
      .filter(({ alarm }) => alarm)
      .map(({ finding, before, lately }) => ({
        site,
        network,
        quantity: `agreement:${finding}`,
        detail: `readers confirmed ${lately.confirmed} of ${lately.n}, before ${before.confirmed} of ${before.n}`,
      })),
  ]);
}

function detailOf({ stability, expectedStability, before, lately }: ComparedQuantity): string {
  const means =
    before.mean === null || lately.mean === null ? '' : `mean ${lately.mean.toPrecision(3)}, before ${before.mean.toPrecision(3)}; `;
  return `${means}stability index ${stability.toFixed(2)}, by chance ${expectedStability.toFixed(2)}; ${lately.n} studies, before ${before.n}`;
}

function groupsOf(rows: readonly StudyStatisticsRow[]): readonly (readonly [string, readonly StudyStatisticsRow[]])[] {
  const groups = new Map<string, StudyStatisticsRow[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key) ?? [];
    group.push(row);
    groups.set(key, group);
  }
  return [...groups].sort(([one, a], [other, b]) => b.length - a.length || (one < other ? -1 : 1)).slice(0, maxGroups);
}

function keyOf({ site, network }: { readonly site: string; readonly network: string }): string {
  return JSON.stringify([site, network]);
}

/** Features and outputs depend on the model: only studies that this version predicted are compared. */
const isOfModel = (quantity: string): boolean => /^(feature:|output:|input:accepted$)/.test(quantity);
const isOfPicture = (quantity: string): boolean => !isOfModel(quantity);

async function comparedOf(
  own: readonly StudyStatisticsRow[],
  from: Date,
  { model, rules, statistics }: DriftCheckPorts,
): Promise<readonly Compared[]> {
  const { site, network } = own[0]!;
  const reference = model.reference?.[network];
  const trained: { readonly of: SiteReference; readonly against: Against } | undefined =
    reference &&
    (reference.sites[site] ? { of: reference.sites[site], against: 'training-of-site' } : { of: reference.all, against: 'training' });
  const pictures = siteReference(own);
  const predicted = own.filter(({ modelVersion }) => modelVersion === model.version);
  const outputs = predicted.length === 0 ? { numbers: {}, names: {} } : siteReference(predicted);
  const lately: SiteReference = {
    images: own.length,
    numbers: { ...only(pictures.numbers, isOfPicture), ...only(outputs.numbers, isOfModel) },
    names: { ...only(pictures.names, isOfPicture), ...only(outputs.names, isOfModel) },
  };
  const found: Compared[] = trained ? driftBetween(trained.of, lately, rules).map((one) => ({ ...one, against: trained.against })) : [];
  const remaining: SiteReference = {
    images: lately.images,
    numbers: only(lately.numbers, unknown(found)),
    names: only(lately.names, unknown(found)),
  };
  if (Object.keys(remaining.numbers).length + Object.keys(remaining.names).length === 0) return found;
  const [anyVersion, thisVersion] = await Promise.all([
    statistics.first({ site, network, before: from, limit: firstStudies }),
    statistics.first({ site, network, before: from, modelVersion: model.version, limit: firstStudies }),
  ]);
  for (const [before, which] of [
    [anyVersion, isOfPicture],
    [thisVersion, isOfModel],
  ] as const) {
    if (before.length < rules.minStudies) continue;
    const part: SiteReference = { images: remaining.images, numbers: only(remaining.numbers, which), names: only(remaining.names, which) };
    found.push(...driftBetween(siteReference(before), part, rules).map((one) => ({ ...one, against: 'first-studies' as const })));
  }
  return found;
}

function unknown(found: readonly Compared[]): (name: string) => boolean {
  const known = new Set(found.map(({ quantity }) => quantity));
  return (name) => !known.has(name);
}

function only<Value>(values: Readonly<Record<string, Value>>, which: (name: string) => boolean): Record<string, Value> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => which(name)));
}

/** By group and finding: of the studies with a decision of the model and an agreed label, in how many both are the same. */
async function agreementPairs(
  { statistics, agreedLabelsOf, model, rules }: DriftCheckPorts,
  from: Date,
): Promise<ReadonlyMap<string, readonly AgreementPair[]>> {
  const rows = await statistics.labelled(model.version, new Date(from.getTime() - agreementDays * dayMs));
  const labels = new Map(
    (await agreedLabelsOf(rows.map(({ studyInstanceUID }) => studyInstanceUID))).map((one) => [
      `${one.studyInstanceUID} ${one.finding}`,
      one.decision,
    ]),
  );
  const counts = new Map<string, Map<string, { before: [number, number]; lately: [number, number] }>>();
  for (const row of rows) {
    for (const [finding, decision] of called(row)) {
      const label = labels.get(`${row.studyInstanceUID} ${finding}`);
      if (label === undefined) continue;
      const group = counts.get(keyOf(row)) ?? new Map<string, { before: [number, number]; lately: [number, number] }>();
      counts.set(keyOf(row), group);
      const count = group.get(finding) ?? { before: [0, 0], lately: [0, 0] };
      group.set(finding, count);
      const side = count[row.predictedAt < from ? 'before' : 'lately'];
      side[0] += label === decision ? 1 : 0;
      side[1] += 1;
    }
  }
  return new Map(
    [...counts].map(([key, group]) => [key, [...group].map(([finding, { before, lately }]) => pairOf(finding, before, lately, rules))]),
  );
}

function called({ decisions }: ReportedDecisions): readonly (readonly [string, 'present' | 'absent'])[] {
  return Object.entries(decisions).flatMap(([finding, decision]) => (decision === 'undetermined' ? [] : [[finding, decision] as const]));
}

function pairOf(
  finding: string,
  before: readonly [number, number],
  lately: readonly [number, number],
  { minStudies }: DriftRules,
): AgreementPair {
  const [then, now] = [agreementOfReaders(...before), agreementOfReaders(...lately)];
  return { finding, before: then, lately: now, pValue: Math.min(then.n, now.n) < minStudies ? null : pOfNoFall(now, then) };
}

import type { DriftReport } from '../evaluation/drift/drift-report.js';
import { placeOfAlarm } from '../store/drift.js';
import { alarmsIn, checkDrift } from './check-drift.js';
import type { DriftPorts } from './ports.js';

/**
 * The story of a drift check: studies of the last days → comparison with the training images, and with the readers' labels → alarms.
 * start-drift-checks.ts runs it by the schedule.
 */
export async function runDriftCheck(ports: DriftPorts): Promise<DriftReport | undefined> {
  const { store, log } = ports;
  // 1. Statistics of the last days' studies, site by site, against the reference of the champion (check-drift.ts).
  const report = await computeDrift(ports);
  if (!report) return undefined;

  // 2. The report and its alarms are stored. An alarm ends when a later check tests the same quantity and finds no drift.
  const { raised, ended } = await store.drift.record(report, alarmsIn(report), testedIn(report), new Date(report.madeAt));

  // 3. Each alarm is logged once when it is raised and once when it ends.
  for (const { site, network, quantity, detail } of raised)
    log.warn(
      quantity.startsWith('agreement:')
        ? 'drift: readers agree less with the model than before'
        : 'drift: the studies that arrive differ from the reference',
      { site, network, quantity, detail, model: report.modelVersion },
    );
  for (const { site, network, quantity } of ended) log.info('drift has ended', { site, network, quantity });
  return report;
}

/** The comparison alone: nothing is stored and no alarm is raised. @returns undefined for a line without a champion */
export async function computeDrift({
  config,
  store,
  agreedLabelsOf,
  champion,
  clock = { now: () => new Date() },
}: Pick<DriftPorts, 'config' | 'store' | 'agreedLabelsOf' | 'champion' | 'clock'>): Promise<DriftReport | undefined> {
  const { windowDays, minStudies, alpha, minShift, minFall } = config.drift;
  const deployed = await champion();
  if (!deployed) return undefined;
  const { version, networks, reference } = deployed;
  return checkDrift({
    statistics: store.statistics,
    agreedLabelsOf,
    model: { version, kinds: (['xray', 'ct'] as const).filter((kind) => networks[kind]), reference },
    rules: { windowDays, minStudies, alpha, minShift, minFall },
    clock,
  });
}

/** Everything that was tested; what was not tested keeps its alarm. */
function testedIn({ groups }: DriftReport): ReadonlySet<string> {
  return new Set(
    groups.flatMap(({ site, network, quantities, agreement }) => [
      ...quantities.map(({ quantity }) => placeOfAlarm({ site, network, quantity })),
      ...agreement.flatMap(({ finding, pValue }) =>
        pValue === null ? [] : [placeOfAlarm({ site, network, quantity: `agreement:${finding}` })],
      ),
    ]),
  );
}

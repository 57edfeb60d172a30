import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { RequestHandler } from 'express';
import type { MeasuredDrift, MeasuredState } from '../monitoring/health-report.js';

/** The measured part of a study's result: numbers and our own terms, nothing about the patient. */
export interface MeasuredResult {
  readonly outcome: string;
  /** Milliseconds by step. */
  readonly timings: Readonly<Record<string, number>>;
}

export interface Metrics {
  readonly contentType: string;
  /** Counts each request when its response is sent. */
  readonly countRequests: RequestHandler;
  observe(result: MeasuredResult): void;
  /** A superseded document was removed from the PACS. */
  countRemoved(kind: string): void;
  /** In Prometheus' text format. */
  text(state: MeasuredState | undefined): Promise<string>;
}

/**
 * Figures for Prometheus. Labels are from short fixed lists: the pattern of a route, never its address; no UID, for which
 * Prometheus would keep a series each, and no attribute of a patient.
 */
export function openMetrics(version: string, model: string): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, prefix: 'chest_ai_' });
  const requests = new Histogram({
    name: 'chest_ai_http_request_seconds',
    help: 'Requests to the service by route and status',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers,
  });
  const studies = new Histogram({
    name: 'chest_ai_study_seconds',
    help: 'Processing time of a study by outcome, in this process',
    labelNames: ['outcome'],
    buckets: [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 120],
    registers,
  });
  const steps = new Histogram({
    name: 'chest_ai_step_seconds',
    help: 'Time of a step of a study, in this process',
    labelNames: ['step'],
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30],
    registers,
  });
  const removed = new Counter({
    name: 'chest_ai_removed_documents_total',
    help: 'Superseded documents removed from the PACS, by this process',
    labelNames: ['kind'],
    registers,
  });
  const results = new Gauge({ name: 'chest_ai_results', help: 'Current results on record by outcome', labelNames: ['outcome'], registers });
  const jobs = new Gauge({
    name: 'chest_ai_jobs',
    help: 'Jobs by queue and state, of all processes',
    labelNames: ['queue', 'state'],
    registers,
  });
  const oldest = new Gauge({
    name: 'chest_ai_oldest_job_seconds',
    help: 'Age of the oldest job that is neither done nor failed',
    labelNames: ['queue'],
    registers,
  });
  const free = new Gauge({ name: 'chest_ai_disk_free_bytes', help: "Free space of the data folder's file system", registers });
  const skew = new Gauge({ name: 'chest_ai_clock_skew_seconds', help: "Difference between Orthanc's clock and ours", registers });
  const pacs = new Gauge({ name: 'chest_ai_pacs_requests', help: 'Requests to the PACS in progress in this process', registers });
  const ready = new Gauge({ name: 'chest_ai_ready', help: '1 if the service can do its work', registers });
  const info = new Gauge({
    name: 'chest_ai_info',
    help: 'Versions: of the program and of the deployed model',
    labelNames: ['version', 'model'],
    registers,
  });
  info.set({ version, model }, 1);
  const driftGauges = openDriftGauges(registers);
  const reports = new Gauge({
    name: 'chest_ai_radiology_reports',
    help: 'Reports of radiologists by state',
    labelNames: ['state'],
    registers,
  });
  const discordances = new Gauge({
    name: 'chest_ai_discordances_open',
    help: 'Findings in which result and report differ and at which nobody has looked, by kind',
    labelNames: ['kind'],
    registers,
  });

  const read = (state: MeasuredState): void => {
    if (state.model !== undefined) {
      info.reset();
      info.set({ version, model: state.model }, 1);
    }
    if (state.drift) driftGauges(state.drift);
    for (const [name, n] of Object.entries(state.reports?.states ?? {})) reports.set({ state: name }, n);
    for (const [kind, n] of Object.entries(state.reports?.discordances ?? {})) discordances.set({ kind }, n);
    for (const [outcome, n] of Object.entries(state.results)) results.set({ outcome }, n);
    for (const { queue, waiting, active, retrying, failed, oldestAgeMs = 0 } of state.queues) {
      // `parked` is the name of release 0.2 for `failed`; it goes with the next release.
      for (const [name, n] of Object.entries({ waiting, active, retrying, failed, parked: failed })) jobs.set({ queue, state: name }, n);
      oldest.set({ queue }, oldestAgeMs / 1000);
    }
    if (state.freeBytes !== undefined) free.set(state.freeBytes);
    if (state.clockSkewMs !== undefined) skew.set(state.clockSkewMs / 1000);
    pacs.set(state.pacsRequests);
    ready.set(state.ok ? 1 : 0);
  };

  return {
    contentType: registry.contentType,
    countRequests(request, response, next) {
      const end = requests.startTimer();
      response.on('finish', () => {
        const route = (request.route as { path?: unknown } | undefined)?.path;
        end({ method: request.method, route: typeof route === 'string' ? route : 'none', status: response.statusCode });
      });
      next();
    },
    observe({ outcome, timings }) {
      studies.observe({ outcome }, Object.values(timings).reduce((sum, one) => sum + one, 0) / 1000);
      for (const [step, ms] of Object.entries(timings)) steps.observe({ step }, ms / 1000);
    },
    countRemoved: (kind) => removed.inc({ kind }),
    text(state) {
      if (state) read(state);
      else ready.set(0);
      return registry.metrics();
    },
  };
}

/** Of the last check only: a quantity that it did not compare has no series any more. */
function openDriftGauges(registers: Registry[]): (drift: MeasuredDrift) => void {
  // Without the label for the default line, so that its series are those of an installation with one line.
  const place = ['line', 'site', 'network'];
  const stability = new Gauge({
    name: 'chest_ai_drift_stability_index',
    help: 'Population stability index of the last days against the training reference',
    labelNames: [...place, 'quantity'],
    registers,
  });
  const expected = new Gauge({
    name: 'chest_ai_drift_expected_stability_index',
    help: 'Population stability index expected by chance for this number of studies',
    labelNames: [...place, 'quantity'],
    registers,
  });
  const alarm = new Gauge({
    name: 'chest_ai_drift_alarm',
    help: '1 if a quantity has drifted',
    labelNames: [...place, 'quantity'],
    registers,
  });
  const agreement = new Gauge({
    name: 'chest_ai_reader_agreement',
    help: 'Share of adjudicated findings of the last days that readers confirmed',
    labelNames: [...place, 'finding'],
    registers,
  });
  const studies = new Gauge({
    name: 'chest_ai_drift_studies',
    help: 'Studies analysed in the days of the check',
    labelNames: place,
    registers,
  });
  const checked = new Gauge({ name: 'chest_ai_drift_checked_timestamp_seconds', help: 'Time of the last drift check', registers });
  const open = new Gauge({ name: 'chest_ai_drift_alarms_unacknowledged', help: 'Drift alarms that are not acknowledged', registers });
  return (drift) => {
    for (const gauge of [stability, expected, alarm, agreement, studies]) gauge.reset();
    for (const { stability: found, expectedStability, alarm: isRaised, ...of } of drift.quantities) {
      stability.set(of, found);
      expected.set(of, expectedStability);
      alarm.set(of, isRaised ? 1 : 0);
    }
    for (const { value, ...of } of drift.agreement) agreement.set(of, value);
    for (const { n, ...of } of drift.studies) studies.set(of, n);
    checked.set(drift.madeAt.getTime() / 1000);
    open.set(drift.unacknowledged);
  };
}

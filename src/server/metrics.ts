import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { RequestHandler } from 'express';
import type { MeasuredDrift, MeasuredState } from '../monitoring/health-report.js';

/** What a study's result tells: numbers and words of ours, nothing of the patient. */
export interface MeasuredResult {
  readonly outcome: string;
  /** Milliseconds by step. */
  readonly timings: Readonly<Record<string, number>>;
}

export interface Metrics {
  readonly contentType: string;
  /** For each request, when it is answered. */
  readonly countRequests: RequestHandler;
  observe(result: MeasuredResult): void;
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
    help: 'Time in hand of a study by what came of it, in this process',
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
  const free = new Gauge({ name: 'chest_ai_disk_free_bytes', help: 'Room left where the data folder lies', registers });
  const skew = new Gauge({ name: 'chest_ai_clock_skew_seconds', help: "How far Orthanc's clock and ours differ", registers });
  const pacs = new Gauge({ name: 'chest_ai_pacs_requests', help: 'Exchanges with the PACS under way in this process', registers });
  const ready = new Gauge({ name: 'chest_ai_ready', help: '1 if the service can do its work', registers });
  const info = new Gauge({
    name: 'chest_ai_info',
    help: 'Versions: of the program, and of the model in service now',
    labelNames: ['version', 'model'],
    registers,
  });
  info.set({ version, model }, 1);
  const driftGauges = openDriftGauges(registers);

  const read = (state: MeasuredState): void => {
    if (state.model !== undefined) {
      info.reset();
      info.set({ version, model: state.model }, 1);
    }
    if (state.drift) driftGauges(state.drift);
    for (const [outcome, n] of Object.entries(state.results)) results.set({ outcome }, n);
    for (const { queue, waiting, active, retrying, failed, oldestAgeMs = 0 } of state.queues) {
      // `parked` is the name of `failed` in releases up to 0.2.0; it is exported for one more release.
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
    text(state) {
      if (state) read(state);
      else ready.set(0);
      return registry.metrics();
    },
  };
}

/** Of the last look only: what it did not judge has no series any more. */
function openDriftGauges(registers: Registry[]): (drift: MeasuredDrift) => void {
  const place = ['site', 'network'];
  const stability = new Gauge({
    name: 'chest_ai_drift_stability_index',
    help: 'Population stability index of the last days against the training reference',
    labelNames: [...place, 'quantity'],
    registers,
  });
  const expected = new Gauge({
    name: 'chest_ai_drift_expected_stability_index',
    help: 'What chance alone makes of so many studies',
    labelNames: [...place, 'quantity'],
    registers,
  });
  const alarm = new Gauge({
    name: 'chest_ai_drift_alarm',
    help: '1 where a quantity has moved',
    labelNames: [...place, 'quantity'],
    registers,
  });
  const agreement = new Gauge({
    name: 'chest_ai_reader_agreement',
    help: 'Share of settled calls of the last days that readers confirmed',
    labelNames: [...place, 'finding'],
    registers,
  });
  const studies = new Gauge({
    name: 'chest_ai_drift_studies',
    help: 'Studies judged in the days that were looked at',
    labelNames: place,
    registers,
  });
  const looked = new Gauge({ name: 'chest_ai_drift_checked_timestamp_seconds', help: 'When drift was last looked at', registers });
  const open = new Gauge({ name: 'chest_ai_drift_alarms_unacknowledged', help: 'Alarms of drift that nobody has acknowledged', registers });
  return (drift) => {
    for (const gauge of [stability, expected, alarm, agreement, studies]) gauge.reset();
    for (const { site, network, quantity, ...one } of drift.quantities) {
      stability.set({ site, network, quantity }, one.stability);
      expected.set({ site, network, quantity }, one.expectedStability);
      alarm.set({ site, network, quantity }, one.alarm ? 1 : 0);
    }
    for (const { site, network, finding, value } of drift.agreement) agreement.set({ site, network, finding }, value);
    for (const { site, network, n } of drift.studies) studies.set({ site, network }, n);
    looked.set(drift.madeAt.getTime() / 1000);
    open.set(drift.unacknowledged);
  };
}

import { Fault } from '../errors.js';
import type { EngineName } from './candidates.js';
import type { ProbeReport } from './probe-engine.js';
import { probeBatch } from './probe-network.js';

export interface EngineChoice {
  readonly name: EngineName;
  /** One sentence for logs and reports. */
  readonly why: string;
  /** Those that started and compute correctly, fastest first; the one chosen is the first. */
  readonly inOrder: readonly EngineName[];
}

/** By whom the others are measured: the first of these that started. */
const references: readonly EngineName[] = ['onnx-cpu', 'tensorflow-cpu', 'tensorflow-wasm'];

/**
 * The fastest of the engines that started and that compute what the processor computes.
 *
 * @param reports one for each engine tried
 * @throws Fault 'engine-unavailable' if none started on the processor
 */
export function chooseEngine(reports: readonly ProbeReport[]): EngineChoice {
  const started = reports.flatMap((report) => ('error' in report ? [] : [report]));
  const reference = references.flatMap((name) => started.find((report) => report.name === name) ?? []).at(0);
  if (!reference)
    throw new Fault(
      'engine-unavailable',
      `on the processor: ${reports.map((report) => `${report.name}: ${'error' in report ? report.error : 'started'}`).join('; ')}`,
    );
  const trusted = started
    .filter((report) => agrees(report.logits, reference.logits))
    .sort((one, other) => one.milliseconds - other.milliseconds);
  const fastest = trusted[0]!;
  const others = reports
    .filter((report) => report !== fastest)
    .map((report) => `${report.name} ${remark(report, trusted, reference.name)}`);
  const time = `${fastest.name} takes ${fastest.milliseconds.toFixed(0)} ms for a test batch of ${probeBatch}`;
  return {
    name: fastest.name,
    why:
      trusted.length > 1
        ? `Fastest of those that started: ${[time, ...others].join('; ')}.`
        : `The only one that started and computes correctly: ${[time, ...others].join('; ')}.`,
    inOrder: trusted.map(({ name }) => name),
  };
}

function remark(report: ProbeReport, trusted: readonly ProbeReport[], reference: EngineName): string {
  if ('error' in report) return `did not start (${report.error.replace(/\.$/, '')})`;
  return trusted.includes(report) ? `takes ${report.milliseconds.toFixed(0)} ms` : `started but computes something else than ${reference}`;
}

/** Whether an engine computes what another computes: within a thousandth of the largest score. */
function agrees(one: readonly number[], other: readonly number[]): boolean {
  const largest = Math.max(...other.map(Math.abs));
  return one.length === other.length && one.every((value, index) => Math.abs(value - other[index]!) <= 1e-3 * largest);
}

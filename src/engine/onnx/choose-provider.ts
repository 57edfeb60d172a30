import { Fault } from '../../errors.js';
import type { Provider } from './protocol.js';
import { agrees, type ProbeReport } from './providers.js';
import { probeBatch } from './probe-network.js';

export interface ProviderChoice {
  readonly provider: Provider;
  /** One sentence for logs and reports. */
  readonly why: string;
}

/**
 * The fastest of the providers that started and that compute what the CPU computes.
 *
 * @param reports one for each provider tried, the CPU's among them
 * @throws Fault 'engine-unavailable' if not even the CPU started
 */
export function chooseProvider(reports: readonly ProbeReport[]): ProviderChoice {
  const cpu = reports.find(({ provider }) => provider === 'cpu');
  if (!cpu || 'error' in cpu) throw new Fault('engine-unavailable', `onnxruntime on the CPU: ${cpu?.error ?? 'not in this build'}`);
  const started = reports.flatMap((report) => ('error' in report ? [] : [report]));
  const trusted = started.filter((report) => agrees(report.logits, cpu.logits)).sort((one, other) => one.milliseconds - other.milliseconds);
  const fastest = trusted[0]!;
  const others = reports.filter((report) => report !== fastest).map((report) => `${report.provider} ${remark(report, trusted)}`);
  const time = `${fastest.provider} takes ${fastest.milliseconds.toFixed(0)} ms for a test batch of ${probeBatch}`;
  return {
    provider: fastest.provider,
    why: trusted.length > 1 ? `Fastest of those that started: ${[time, ...others].join('; ')}.` : `The only one that started and computes correctly: ${[time, ...others].join('; ')}.`,
  };
}

function remark(report: ProbeReport, trusted: readonly ProbeReport[]): string {
  if ('error' in report) return `did not start (${report.error.replace(/[.\s]+$/, '')})`;
  return trusted.includes(report) ? `takes ${report.milliseconds.toFixed(0)} ms` : 'started but computes something else than the CPU';
}

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { listSupportedBackends } from 'onnxruntime-node';
import { providers, type Provider, type SessionSettings } from './protocol.js';

/** What came of trying a provider with the probe network. */
export type ProbeReport =
  | { readonly provider: Provider; readonly milliseconds: number; readonly logits: readonly number[] }
  | { readonly provider: Provider; readonly error: string };

/** First use of a GPU compiles shaders; what takes longer than this is not going to be the fastest. */
const probeTimeoutMs = 60_000;

/** The providers that this build of onnxruntime-node knows; whether they start is for a probe to say. */
export function listedProviders(): readonly Provider[] {
  const names = new Set(listSupportedBackends().map(({ name }) => name));
  return providers.filter((provider) => names.has(provider));
}

/** Tries a provider in a process of its own: a GPU driver that fails may take its process with it. */
export async function probeProvider(provider: Provider, threads: number): Promise<ProbeReport> {
  const settings: SessionSettings = { provider, threads };
  const script = fileURLToPath(new URL('./probe.js', import.meta.url));
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(settings)], { timeout: probeTimeoutMs });
    const report = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { milliseconds: number; logits: number[] } | { error: string };
    return { provider, ...report };
  } catch (error) {
    return { provider, error: probeFailure(error) };
  }
}

function probeFailure(error: unknown): string {
  const { killed, signal, message } = error as { killed?: boolean; signal?: string | null; message: string };
  if (killed) return `no answer within ${probeTimeoutMs / 1000} s`;
  return signal ? `its process ended by ${signal}` : briefly(message);
}

/** The last sentence of an onnxruntime error, without the source paths of whoever built it. */
export function briefly(message: string): string {
  const text = message.replace(/^.* was false\. /s, '').replace(/\s+/g, ' ').trim();
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}

/** Whether a provider computes what the CPU computes: within a thousandth of the largest score. */
export function agrees(one: readonly number[], other: readonly number[]): boolean {
  const largest = Math.max(...other.map(Math.abs));
  return one.length === other.length && one.every((value, index) => Math.abs(value - other[index]!) <= 1e-3 * largest);
}

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { childEnvironment } from '../child-environment.js';
import type { EngineName } from './candidates.js';

/** What came of trying an engine with the probe network. */
export type ProbeReport =
  | { readonly name: EngineName; readonly milliseconds: number; readonly logits: readonly number[]; /** Its full name, with versions. */ readonly place: string }
  | { readonly name: EngineName; readonly error: string };

/** First use of a GPU compiles shaders; what takes longer than this is not going to be the fastest. */
const probeTimeoutMs = 60_000;

export interface ProbeOptions {
  /** One small picture: whether it starts and not how fast it is. */
  readonly tiny?: boolean;
}

/** Tries an engine in a process of its own: a GPU driver that fails may take its process with it. */
export async function probeEngine(name: EngineName, threads: number, { tiny = false }: ProbeOptions = {}): Promise<ProbeReport> {
  const script = fileURLToPath(new URL('./probe.js', import.meta.url));
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [script, name, String(threads), ...(tiny ? ['tiny'] : [])], { timeout: probeTimeoutMs, env: childEnvironment() });
    const report = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { milliseconds: number; logits: number[]; place: string } | { error: string };
    return { name, ...report };
  } catch (error) {
    return { name, error: probeFailure(error) };
  }
}

function probeFailure(error: unknown): string {
  const { killed, signal, message } = error as { killed?: boolean; signal?: string | null; message: string };
  if (killed) return `no answer within ${probeTimeoutMs / 1000} s`;
  return signal ? `its process ended by ${signal}` : briefly(message);
}

/** The last sentence of an engine's error, without our own words before it and the source paths of whoever built it. */
export function briefly(message: string): string {
  const text = message.replace(/^No inference engine can be started: /, '').replace(/^The inference engine failed: /, '').replace(/^.* was false\. /s, '').replace(/\s+/g, ' ').trim();
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}

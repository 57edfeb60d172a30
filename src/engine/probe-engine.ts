import { candidate, type EngineName, type StartedEngine } from './candidates.js';
import { probeInput, probeNetwork } from './probe-network.js';

/** What came of trying an engine with the probe network. */
export type ProbeReport =
  | {
      readonly name: EngineName;
      readonly milliseconds: number;
      readonly logits: readonly number[] /** Its full name, with versions. */;
      readonly place: string;
    }
  | { readonly name: EngineName; readonly error: string };

/** First use of a GPU compiles shaders; what takes longer than this is not going to be the fastest. */
const probeTimeoutMs = 60_000;
const repeats = 5;
/** A slow engine is known to be slow after less. */
const maxMs = 500;

export interface ProbeOptions {
  /** One small picture: whether it starts and not how fast it is. */
  readonly tiny?: boolean;
  /** It is compared with nothing: one run tells that it computes. */
  readonly once?: boolean;
}

/** Tries an engine, in the process that it computes in anyway: a GPU driver that fails may take its process with it. */
export async function probeEngine(name: EngineName, threads: number, { tiny = false }: ProbeOptions = {}): Promise<ProbeReport> {
  const { report, engine } = await startAndProbe(name, (options) => candidate(name).start(threads, '', options), { tiny });
  await engine?.close();
  return report;
}

/** The same, of an engine that is to be used if it proves itself. @returns no engine if it does not compute */
export async function startAndProbe(
  name: EngineName,
  start: (options: { readonly startTimeoutMs: number }) => Promise<StartedEngine>,
  options: ProbeOptions = {},
): Promise<{ readonly report: ProbeReport; readonly engine?: StartedEngine }> {
  let engine: StartedEngine | undefined;
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>(
    (_, reject) => (timer = setTimeout(() => reject(new Error(`no answer within ${probeTimeoutMs / 1000} s`)), probeTimeoutMs)),
  );
  try {
    engine = await start({ startTimeoutMs: probeTimeoutMs });
    const report = { name, ...(await Promise.race([time(engine, options), expired])) };
    return { report, engine };
  } catch (error) {
    await engine?.close();
    return { report: { name, error: briefly(error instanceof Error ? error.message : String(error)) } };
  } finally {
    clearTimeout(timer);
  }
}

async function time(
  engine: StartedEngine,
  { tiny = false, once = false }: ProbeOptions,
): Promise<{ milliseconds: number; logits: readonly number[]; place: string }> {
  const predictor = await engine.load(probeNetwork());
  const input = tiny ? probeInput(1, 32) : probeInput();
  const first = performance.now();
  let prediction = await predictor.predict(input);
  const times: number[] = once ? [performance.now() - first] : [];
  const begin = performance.now();
  while (times.length < (tiny || once ? 1 : repeats) && (times.length === 0 || performance.now() - begin < maxMs)) {
    const start = performance.now();
    prediction = await predictor.predict(input);
    times.push(performance.now() - start);
  }
  times.sort((one, other) => one - other);
  await predictor.release();
  return { milliseconds: times[times.length >> 1]!, logits: [...prediction.logits], place: engine.description.name };
}

/** The last sentence of an engine's error, without our own text before it and without the source paths of its build. */
export function briefly(message: string): string {
  const text = message
    .replace(/^No inference engine can be started: /, '')
    .replace(/^The inference engine failed: /, '')
    .replace(/^.* was false\. /s, '')
    .replace(/\s+/g, ' ')
    .trim();
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}

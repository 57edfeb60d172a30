import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Fault } from '../../errors.js';
import { defaultReadingLimits, maxModelBytes, readWithin, type ReadingLimits } from './confined-reading.js';
import type { ForeignDraft, ForeignModel, ForeignOptions } from './foreign-options.js';
import { runtimeFor, startRuntime, type ForeignRequests } from './foreign-runtime.js';
import { ownFolders } from './own-folders.js';
import { foreignSource, readInside, type ForeignSource } from './source-files.js';
import { tryGraph } from './try-graph.js';

export type { ForeignModel };

export interface ForeignReaderOptions extends Partial<ReadingLimits> {
  readonly threads?: number;
}

/**
 * Reads classifiers in formats of others and tries them on phantoms: ONNX, TensorFlow.js layers and graph models. Their files are parsed
 * and computed in a process with limits of memory and time, without network, and without rights to files other than this program's; a
 * file that ends it or hangs in it is refused, and the next one gets a fresh process.
 */
export class ForeignModelReader {
  readonly #limits: ReadingLimits;
  readonly #threads: number;
  readonly #processes = new Map<ForeignSource['format'], Promise<ForeignRequests>>();
  /** A process holds one graph at a time. */
  #last: Promise<unknown> = Promise.resolve();

  constructor({ threads = Math.min(2, availableParallelism()), ...limits }: ForeignReaderOptions = {}) {
    this.#limits = { ...defaultReadingLimits, ...limits };
    this.#threads = threads;
  }

  /** Process ids of the readers of now. */
  async pids(): Promise<readonly number[]> {
    return (await Promise.all([...this.#processes.values()])).flatMap(({ pid }) => pid ?? []);
  }

  /** Whether a path is in one of the formats that this class reads. */
  async isForeign(path: string): Promise<boolean> {
    return (await foreignSource(path)) !== undefined;
  }

  /**
   * @param path an ONNX file, a folder of TensorFlow.js, or its model.json
   * @throws Fault 'model-invalid' naming the file, what was expected and what to do; 'engine-unavailable' naming a missing package
   */
  read(path: string, options: ForeignOptions = {}): Promise<ForeignModel> {
    const reading = this.#last.then(() => this.#read(path, options));
    this.#last = reading.catch(() => undefined);
    return reading;
  }

  /** Ends the processes. */
  async close(): Promise<void> {
    const running = [...this.#processes.values()];
    this.#processes.clear();
    await Promise.all(running.map(async (process) => (await process.catch(() => undefined))?.stop()));
  }

  async #read(path: string, options: ForeignOptions): Promise<ForeignModel> {
    const source = await foreignSource(path);
    if (!source)
      throw new Fault('model-invalid', 'expected an ONNX file, or a folder of TensorFlow.js with model.json, found neither', {
        source: path,
      });
    const main = await readInside(source.folder, source.main, maxModelBytes);
    if (!main) throw new Fault('model-invalid', 'expected a file, found none', { source: path });
    const requests = await this.#process(source.format);
    const where = { bytes: main.length, source: join(source.folder, source.main) };
    const within = <Answer>(bytes: number, work: () => Promise<Answer>): Promise<Answer> =>
      readWithin(this.#limits, requests, { ...where, bytes }, work);
    try {
      const companions = await within(main.length, () => requests.companions(main));
      const files = await readFiles(source, main, companions);
      const bytes = [...files.values()].reduce((sum, file) => sum + file.length, 0);
      return await within(bytes, async () =>
        tryGraph(requests, withOwnName(await requests.describe(source.main, files, options)), options),
      );
    } finally {
      if (requests.ended) this.#processes.delete(source.format);
    }
  }

  async #process(format: ForeignSource['format']): Promise<ForeignRequests> {
    const known = this.#processes.get(format);
    if (known) return known;
    const runtime = runtimeFor(format === 'onnx' ? 'onnx' : 'tfjs-layers', { threads: format === 'onnx' ? this.#threads : 1 });
    if (format === 'tensorflow') runtimeFor('tfjs-graph', { threads: 1 });
    const starting = startRuntime(runtime, {
      // the time is measured by readWithin
      limits: { answerMs: 600_000, firstAnswerMs: 600_000 },
      confinement: { memoryMb: this.#limits.memoryMb, readable: ownFolders },
    });
    this.#processes.set(format, starting);
    starting.catch(() => this.#processes.delete(format));
    return starting;
  }
}

async function readFiles(
  { folder, main: name, format }: ForeignSource,
  main: Uint8Array,
  companions: readonly string[],
): Promise<Map<string, Uint8Array>> {
  const files = new Map([[name, main]]);
  let room = maxModelBytes - main.length;
  for (const companion of format === 'tensorflow' ? [...companions, 'metadata.json'] : companions) {
    const content = await readInside(folder, companion, room);
    if (!content) continue;
    room -= content.length;
    files.set(companion, content);
  }
  return files;
}

/** In the version's folder, beside a model.json of this program, the main file has a name of ours. */
function withOwnName(draft: ForeignDraft): ForeignDraft {
  const { graph } = draft;
  const main = graph.format === 'onnx' ? 'model.onnx' : 'graph.json';
  const files = new Map([...graph.files].map(([name, content]) => [name === graph.main ? main : name, content] as const));
  return { ...draft, graph: { ...graph, main, files } };
}

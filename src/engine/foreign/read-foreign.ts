import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { Fault } from '../../errors.js';
import type { ForeignGraph } from '../../network/foreign-graph.js';
import type { ForeignDraft, ForeignOptions, InputSize } from './foreign-options.js';
import { runtimeFor, startRuntime, type ForeignRequests } from './foreign-runtime.js';
import { foreignSource, maxModelBytes, readInside, type ForeignSource } from './source-files.js';
import { tryGraph } from './try-graph.js';

/** A classifier of others that was read and that has computed its first pictures. */
export interface ForeignModel {
  readonly graph: ForeignGraph;
  readonly input: InputSize;
  /** `one-of-many`: its outputs exclude each other (softmax). */
  readonly objective: 'several' | 'one-of-many';
  /** Names of the outputs as the publisher's files have them. */
  readonly labels?: readonly string[];
  /** What was found, a sentence each. */
  readonly messages: readonly string[];
}

export interface ForeignReaderOptions {
  /** For each step: reading, loading, the trial prediction. */
  readonly timeoutMs?: number;
  readonly memoryMb?: number;
  readonly threads?: number;
}

/** What the process of a runtime may read: this program and the packages that it is made of. */
const ownFolders = [fileURLToPath(new URL('../../../../', import.meta.url))];

/**
 * Reads classifiers in formats of others and tries them on phantoms: ONNX, TensorFlow.js layers and graph models. Their files are parsed
 * and computed in a process with limits of memory and time, without network, and without rights to files other than this program's; a
 * file that ends it or hangs in it is refused, and the next one gets a fresh process.
 */
export class ForeignModelReader {
  readonly #options: Required<ForeignReaderOptions>;
  readonly #processes = new Map<ForeignSource['format'], Promise<ForeignRequests>>();

  constructor({ timeoutMs = 10_000, memoryMb = 2_048, threads = Math.min(2, availableParallelism()) }: ForeignReaderOptions = {}) {
    this.#options = { timeoutMs, memoryMb, threads };
  }

  /** Whether a path is in one of the formats that this class reads. */
  async isForeign(path: string): Promise<boolean> {
    return (await foreignSource(path)) !== undefined;
  }

  /**
   * @param path an ONNX file, a folder of TensorFlow.js, or its model.json
   * @throws Fault 'model-invalid' naming the file, what was expected and what to do; 'engine-unavailable' naming a missing package
   */
  async read(path: string, options: ForeignOptions = {}): Promise<ForeignModel> {
    const source = await foreignSource(path);
    if (!source)
      throw new Fault('model-invalid', 'expected an ONNX file, or a folder of TensorFlow.js with model.json, found neither', {
        source: path,
      });
    const main = await readInside(source.folder, source.main, maxModelBytes);
    if (!main) throw new Fault('model-invalid', 'expected a file, found none', { source: path });
    const where = join(source.folder, source.main);
    const requests = await this.#process(source.format);
    const ask = <Answer>(answer: Promise<Answer>): Promise<Answer> => this.#refusal(source.format, requests, answer, where);
    const companions = await ask(requests.companions(main));
    const files = await readFiles(source, main, companions);
    const draft = await ask(requests.describe(source.main, files, options));
    return ask(tryGraph(requests, withOwnName(draft), options));
  }

  /** Ends the processes. */
  async close(): Promise<void> {
    const running = [...this.#processes.values()];
    this.#processes.clear();
    await Promise.all(running.map(async (process) => (await process.catch(() => undefined))?.stop()));
  }

  async #process(format: ForeignSource['format']): Promise<ForeignRequests> {
    const known = this.#processes.get(format);
    if (known) return known;
    const { timeoutMs, memoryMb, threads } = this.#options;
    const runtime = runtimeFor(format === 'onnx' ? 'onnx' : 'tfjs-layers', { threads: format === 'onnx' ? threads : 1 });
    if (format === 'tensorflow') runtimeFor('tfjs-graph', { threads: 1 });
    const starting = startRuntime(runtime, {
      limits: { answerMs: timeoutMs, firstAnswerMs: timeoutMs },
      confinement: { memoryMb, readable: ownFolders },
    });
    this.#processes.set(format, starting);
    starting.catch(() => this.#processes.delete(format));
    return starting;
  }

  /** The error of a step as the refusal of the file; a process that ended is replaced. */
  async #refusal<Answer>(
    format: ForeignSource['format'],
    requests: ForeignRequests,
    answer: Promise<Answer>,
    source: string,
  ): Promise<Answer> {
    try {
      return await answer;
    } catch (error) {
      if (error instanceof Fault && error.code !== 'engine-failed') throw error;
      const message = error instanceof Fault ? error.detail : error instanceof Error ? error.message : String(error);
      if (!requests.ended) throw new Fault('model-invalid', sentenceOf(message), { source }, { cause: error });
      this.#processes.delete(format);
      void requests.stop();
      const { timeoutMs, memoryMb } = this.#options;
      throw new Fault(
        'model-invalid',
        `expected a model that is read and computed within ${timeoutMs / 1000} s and ${memoryMb} MB, but it ended its process (${sentenceOf(message)}); adopt a smaller one, or export it again`,
        { source },
        { cause: error },
      );
    }
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

/** In the version's folder an ONNX file has a name of ours: that of others may not be one for every file system. */
function withOwnName(draft: ForeignDraft): ForeignDraft {
  const { graph } = draft;
  if (graph.format !== 'onnx') return draft;
  return { ...draft, graph: { ...graph, main: 'model.onnx', files: new Map([['model.onnx', graph.files.get(graph.main)!]]) } };
}

const maxSentence = 600;

/** The first line of a message, without the source paths of a runtime's build. */
function sentenceOf(message: string): string {
  return message
    .split('\n')[0]!
    .replace(/^(?:[\w /.-]+\.(?:cc|h|cpp):\d+ [^\n]*?\) ?)+/, '')
    .slice(0, maxSentence)
    .trim();
}

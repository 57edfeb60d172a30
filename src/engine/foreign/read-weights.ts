import { basename, dirname } from 'node:path';
import { Fault } from '../../errors.js';
import type { PytorchContent } from '../../network/pytorch-content.js';
import { ComputeProcess } from '../compute-process.js';
import { defaultReadingLimits, maxModelBytes, readWithin, type ReadingLimits } from './confined-reading.js';
import { ownFolders } from './own-folders.js';
import { readInside } from './source-files.js';
import type { WeightsRequest } from './weights-process.js';

/**
 * Reads weights of others, safetensors or what PyTorch saved, in a process with limits of memory and time, without network, and without
 * rights to files. A file that ends the process or hangs in it is refused, and the next one gets a fresh process.
 */
export class ConfinedWeightsReader {
  readonly #limits: ReadingLimits;
  #process: ComputeProcess | undefined;

  constructor(limits: Partial<ReadingLimits> = {}) {
    this.#limits = { ...defaultReadingLimits, ...limits };
  }

  /** Process id of the reader of now. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /**
   * @param key of the entry with the weights, where a checkpoint has several
   * @throws Fault 'model-invalid' naming the file, what was expected and what to do
   */
  async read(path: string, { key }: { readonly key?: string | undefined } = {}): Promise<PytorchContent> {
    const bytes = await readInside(dirname(path), basename(path), maxModelBytes);
    if (!bytes) throw new Fault('model-invalid', 'expected a file, found none', { source: path });
    if (this.#process?.ended) this.#process = undefined;
    const process = (this.#process ??= this.#start());
    const request: WeightsRequest = { bytes, source: path, key };
    return readWithin(this.#limits, process, { bytes: bytes.length, source: path }, async () => {
      return (await process.request(request, 'reading weights')) as PytorchContent;
    });
  }

  async close(): Promise<void> {
    await this.#process?.stop();
  }

  #start(): ComputeProcess {
    return new ComputeProcess({
      program: new URL('./weights-process.js', import.meta.url),
      arguments: [],
      environment: {},
      // the time is measured by readWithin
      limits: { answerMs: 600_000, firstAnswerMs: 600_000 },
      confinement: { memoryMb: this.#limits.memoryMb, readable: ownFolders },
    });
  }
}

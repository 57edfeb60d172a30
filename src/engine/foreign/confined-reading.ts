import { Fault } from '../../errors.js';

/** Limits of reading one model of others. */
export interface ReadingLimits {
  /** For a small file; a larger one gets a second more for each 20 MB. */
  readonly timeoutMs: number;
  readonly memoryMb: number;
}

export const defaultReadingLimits: ReadingLimits = { timeoutMs: 10_000, memoryMb: 2_048 };

const bytesPerSecond = 20 * 2 ** 20;

/** Chest classifiers have 10 to 350 MB; all files of one together. */
export const maxModelBytes = 512 * 2 ** 20;

/** A process that reads files of others. */
interface ReadingProcess {
  readonly ended: boolean;
  stop(): Promise<void>;
}

/**
 * What a process makes of a file within its limits. A process that does not finish in time is ended.
 *
 * @param bytes of all files
 * @param source names the file in the fault
 * @throws Fault 'model-invalid' with the reason in one sentence; faults of another kind pass through
 */
export async function readWithin<Answer>(
  { timeoutMs, memoryMb }: ReadingLimits,
  process: ReadingProcess,
  { bytes, source }: { readonly bytes: number; readonly source: string },
  work: () => Promise<Answer>,
): Promise<Answer> {
  const limitMs = timeoutMs + (bytes / bytesPerSecond) * 1000;
  let timer: NodeJS.Timeout | undefined;
  let late = false;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      late = true;
      reject(new Error('it took longer'));
      void process.stop();
    }, limitMs);
  });
  try {
    return await Promise.race([work(), expired]);
  } catch (error) {
    if (error instanceof Fault && error.code !== 'engine-failed' && error.code !== 'model-invalid') throw error;
    const message = sentenceOf(error instanceof Fault ? error.detail : error instanceof Error ? error.message : String(error));
    const detail =
      late || process.ended
        ? `expected a model that is read and computed within ${Math.ceil(limitMs / 1000)} s and ${memoryMb} MB, found one that is not (${late ? 'it took longer' : message}); adopt a smaller one, or export it again`
        : message;
    throw new Fault('model-invalid', detail, { source }, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

const maxSentence = 600;

/** The first line of a message, without the source paths of a runtime's build. */
function sentenceOf(message: string): string {
  return message
    .split('\n')[0]!
    .replaceAll(/\/[\w./-]*\/([\w-]+\.(?:cc|h|cpp|js|ts))/g, '$1')
    .slice(0, maxSentence)
    .trim();
}

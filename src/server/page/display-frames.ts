import type { SeriesInstanceUID, SOPInstanceUID, StudyInstanceUID } from '../../dicom/uid.js';
import { Semaphore } from '../../lib/semaphore.js';
import type { DisplayFrame } from '../../pixels/display/display-frame.js';
import type { DisplayReader } from '../../serving/image-reader.js';
import type { PagePacs } from './study-in-pacs.js';

interface InstanceUids {
  readonly study: StudyInstanceUID;
  readonly series: SeriesInstanceUID;
  readonly instance: SOPInstanceUID;
}

interface CachedFile {
  readonly bytes: Promise<Uint8Array>;
  /** 0 until it is retrieved. */
  size: number;
  timer: NodeJS.Timeout;
}

/** A file of which a further frame was requested is kept in memory for this time after its last use. */
const cachedMs = 60_000;
/** One for each of a few readers who scroll through multi-frame images at the same time. */
const maxCachedFiles = 3;
/** Of all cached files together; a larger one is not kept. */
const maxCachedBytes = 256e6;
/** A frame may have to be cut out of a file of gigabytes, which is in memory until the frame is decoded. */
const maxFramesAtOnce = 4;

/** Frames for a viewer. The last multi-frame files stay in memory for a minute, so that their frames are not retrieved with them each time. */
export class DisplayFrames {
  readonly #dicomWeb: Pick<PagePacs['dicomWeb'], 'retrieveInstance'>;
  readonly #reader: Pick<DisplayReader, 'readDisplayFrame'>;
  readonly #turns = new Semaphore({ maxActive: maxFramesAtOnce });
  /** The one that was used last is at the end. */
  readonly #cached = new Map<string, CachedFile>();

  constructor({ dicomWeb }: Pick<PagePacs, 'dicomWeb'>, reader: Pick<DisplayReader, 'readDisplayFrame'>) {
    this.#dicomWeb = dicomWeb;
    this.#reader = reader;
  }

  /**
   * @param frameNumber 1-based
   * @param signal aborted when the viewer went away: what still waits is not decoded
   * @throws Fault of the PACS and of the decoders
   */
  async displayFrame(uids: InstanceUids, frameNumber: number, signal?: AbortSignal): Promise<DisplayFrame> {
    const release = await this.#turns.acquire('', signal);
    try {
      return await this.#reader.readDisplayFrame(await this.#file(uids, frameNumber), frameNumber, signal);
    } finally {
      release();
    }
  }

  async #file({ study, series, instance }: InstanceUids, frameNumber: number): Promise<Uint8Array> {
    const key = [study, series, instance].join(' ');
    const cached = this.#cached.get(key);
    if (cached) {
      this.#cached.delete(key);
      this.#cached.set(key, cached);
      cached.timer.refresh();
      return cached.bytes;
    }
    const bytes = this.#dicomWeb.retrieveInstance(study, series, instance);
    if (frameNumber > 1) this.#keep(key, bytes);
    return bytes;
  }

  #keep(key: string, bytes: Promise<Uint8Array>): void {
    const file: CachedFile = { bytes, size: 0, timer: setTimeout(() => this.#forget(key, file), cachedMs).unref() };
    this.#cached.set(key, file);
    this.#prune();
    bytes.then(
      ({ length }) => {
        file.size = length;
        if (length > maxCachedBytes) this.#forget(key, file);
        this.#prune();
      },
      () => this.#forget(key, file),
    );
  }

  /** Forgets what was used longest ago until the rest is few and small enough. */
  #prune(): void {
    for (const [key, file] of this.#cached) {
      const bytes = [...this.#cached.values()].reduce((sum, { size }) => sum + size, 0);
      if (this.#cached.size <= maxCachedFiles && bytes <= maxCachedBytes) return;
      this.#forget(key, file);
    }
  }

  #forget(key: string, file: CachedFile): void {
    clearTimeout(file.timer);
    if (this.#cached.get(key) === file) this.#cached.delete(key);
  }
}

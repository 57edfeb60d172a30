import type { SeriesInstanceUID, SOPInstanceUID, StudyInstanceUID } from '../../dicom/uid.js';
import type { DisplayFrame } from '../../pixels/display/display-frame.js';
import type { DisplayReader } from '../../serving/image-reader.js';
import type { PagePacs } from './study-in-pacs.js';

interface InstanceUids {
  readonly study: StudyInstanceUID;
  readonly series: SeriesInstanceUID;
  readonly instance: SOPInstanceUID;
}

/** A file of which a further frame was requested is kept in memory for this time, if it is not larger. */
const cachedMs = 60_000;
const maxCachedBytes = 256e6;

/** Frames for a viewer. The last multi-frame file stays in memory for a minute, so that its frames are not retrieved with it each time. */
export class DisplayFrames {
  readonly #dicomWeb: Pick<PagePacs['dicomWeb'], 'retrieveInstance'>;
  readonly #reader: Pick<DisplayReader, 'readDisplayFrame'>;
  #cached: { readonly key: string; readonly bytes: Promise<Uint8Array>; readonly timer: NodeJS.Timeout } | undefined;

  constructor({ dicomWeb }: PagePacs, reader: Pick<DisplayReader, 'readDisplayFrame'>) {
    this.#dicomWeb = dicomWeb;
    this.#reader = reader;
  }

  /** @param frameNumber 1-based @throws Fault of the PACS and of the decoders */
  async displayFrame(uids: InstanceUids, frameNumber: number): Promise<DisplayFrame> {
    return this.#reader.readDisplayFrame(await this.#file(uids, frameNumber), frameNumber);
  }

  async #file({ study, series, instance }: InstanceUids, frameNumber: number): Promise<Uint8Array> {
    const key = [study, series, instance].join(' ');
    if (this.#cached?.key === key) return this.#cached.bytes;
    const bytes = this.#dicomWeb.retrieveInstance(study, series, instance);
    if (frameNumber > 1) this.#keep(key, bytes);
    return bytes;
  }

  #keep(key: string, bytes: Promise<Uint8Array>): void {
    if (this.#cached) clearTimeout(this.#cached.timer);
    const forget = (): void => {
      if (this.#cached?.key === key) this.#cached = undefined;
    };
    this.#cached = { key, bytes, timer: setTimeout(forget, cachedMs).unref() };
    bytes.then(({ length }) => length > maxCachedBytes && forget(), forget);
  }
}

import type { UploadAnalysisResult } from '../../../server/page-types.js';
import { distinctPaths, type ChosenFile } from './chosen-files.js';

export type UploadState =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'sending'; readonly share: number }
  | { readonly kind: 'cancelled' }
  /** `again`: the service did not reply, and the file is sent again when it does. */
  | { readonly kind: 'refused'; readonly error: unknown; readonly again: boolean }
  | { readonly kind: 'analyzed'; readonly analysis: UploadAnalysisResult; readonly withPictures: boolean };

export interface QueuedUpload {
  readonly id: number;
  readonly file: File;
  readonly path: string;
  /** Version that was chosen when the file was added; empty: the deployed one. */
  readonly model: string;
  readonly state: UploadState;
}

/** Sends one file. @throws whatever `refusalOf` understands */
export type SendFile = (
  upload: { readonly file: File; readonly model: string; readonly pictures: boolean },
  onProgress: (share: number) => void,
  signal: AbortSignal,
) => Promise<UploadAnalysisResult>;

export interface UploadQueueParts {
  readonly send: SendFile;
  /** Whether the error says nothing about the file: it is sent again later. */
  readonly isInterruption: (error: unknown) => boolean;
  /** Resolves when the service responds again. */
  readonly untilReachable: (signal: AbortSignal) => Promise<void>;
}

/** One upload is sent while the service analyzes others; it analyzes two of one account at a time. */
const atOnce = 3;
/** With more files than this, pictures are requested only for the file that is opened. */
const maxWithPictures = 20;
/** Pictures of so many files stay in memory. */
const maxHeldPictures = 40;
/** The page is drawn at most this often while results arrive. */
const drawMs = 150;

/** Files on their way to the service, a few at a time; each change makes a new list, so that a view can compare. */
export class UploadQueue {
  #uploads: readonly QueuedUpload[] = [];
  #snapshot: readonly QueuedUpload[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #active = 0;
  #next = 0;
  #outage: AbortController | undefined;
  readonly #stops = new Map<number, AbortController>();
  readonly #places = new Map<number, number>();
  readonly #withPictures: number[] = [];
  readonly #listeners = new Set<() => void>();

  constructor(private readonly parts: UploadQueueParts) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly uploads = (): readonly QueuedUpload[] => this.#snapshot;

  add(files: readonly ChosenFile[], model: string): void {
    const paths = distinctPaths(
      files.map(({ path }) => path),
      new Set(this.#uploads.map(({ path }) => path)),
    );
    const added = files.map(({ file }, index) => ({
      id: ++this.#next,
      file,
      path: paths[index]!,
      model,
      state: { kind: 'waiting' } as const,
    }));
    this.#replaceAll([...this.#uploads, ...added]);
    this.#fill();
  }

  /** Marks a file as refused without sending it. */
  refuse(id: number, error: unknown): void {
    this.#set(id, { kind: 'refused', error, again: false });
  }

  cancel(id: number): void {
    const state = this.#find(id)?.state;
    if (state?.kind !== 'waiting' && state?.kind !== 'sending' && !(state?.kind === 'refused' && state.again)) return;
    this.#set(id, { kind: 'cancelled' });
    this.#stops.get(id)?.abort();
  }

  cancelAll(): void {
    for (const { id } of this.#uploads) this.cancel(id);
  }

  /** Removes every file; what is on its way is cancelled. */
  clear(): void {
    this.cancelAll();
    this.#outage?.abort();
    this.#replaceAll([]);
  }

  remove(id: number): void {
    this.cancel(id);
    this.#replaceAll(this.#uploads.filter((one) => one.id !== id));
  }

  retry(id: number): void {
    this.#set(id, { kind: 'waiting' });
    this.#fill();
  }

  /** Requests the pictures of a file that was analyzed without, or whose pictures left memory. */
  async loadPictures(id: number, signal: AbortSignal): Promise<void> {
    const upload = this.#find(id);
    if (upload?.state.kind !== 'analyzed' || upload.state.withPictures) return;
    const analysis = await this.parts.send({ file: upload.file, model: upload.model, pictures: true }, () => undefined, signal);
    if (this.#find(id)) this.#store(id, analysis, true);
  }

  /** Ends everything on its way; for a view that closes. */
  close(): void {
    this.clear();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #find(id: number): QueuedUpload | undefined {
    return this.#uploads[this.#places.get(id) ?? -1];
  }

  #replaceAll(uploads: readonly QueuedUpload[]): void {
    this.#uploads = uploads;
    this.#places.clear();
    uploads.forEach(({ id }, index) => this.#places.set(id, index));
    this.#draw();
  }

  #set(id: number, state: UploadState): void {
    const place = this.#places.get(id);
    if (place === undefined) return;
    (this.#uploads as QueuedUpload[])[place] = { ...this.#uploads[place]!, state };
    this.#draw();
  }

  #draw(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#snapshot = [...this.#uploads];
      for (const listener of this.#listeners) listener();
    }, drawMs);
  }

  #fill(): void {
    if (this.#outage) return;
    for (const upload of this.#uploads) {
      if (this.#active >= atOnce) return;
      if (upload.state.kind === 'waiting') void this.#process(upload);
    }
  }

  async #process({ id, file, model }: QueuedUpload): Promise<void> {
    const stop = new AbortController();
    const pictures = this.#uploads.length <= maxWithPictures;
    this.#active++;
    this.#stops.set(id, stop);
    this.#set(id, { kind: 'sending', share: 0 });
    try {
      const onProgress = (share: number): void => {
        if (this.#find(id)?.state.kind === 'sending') this.#set(id, { kind: 'sending', share });
      };
      this.#store(id, await this.parts.send({ file, model, pictures }, onProgress, stop.signal), pictures);
    } catch (error) {
      if (!stop.signal.aborted) {
        const again = this.parts.isInterruption(error);
        this.#set(id, { kind: 'refused', error, again });
        if (again) void this.#waitForService();
      }
    } finally {
      this.#active--;
      this.#stops.delete(id);
      this.#fill();
    }
  }

  #store(id: number, analysis: UploadAnalysisResult, withPictures: boolean): void {
    this.#set(id, { kind: 'analyzed', analysis, withPictures });
    if (!withPictures) return;
    this.#withPictures.push(id);
    const oldest = this.#withPictures.length > maxHeldPictures ? this.#find(this.#withPictures.shift()!) : undefined;
    if (oldest?.state.kind === 'analyzed')
      this.#set(oldest.id, { kind: 'analyzed', analysis: withoutPictures(oldest.state.analysis), withPictures: false });
  }

  async #waitForService(): Promise<void> {
    if (this.#outage) return;
    const outage = new AbortController();
    this.#outage = outage;
    await this.parts.untilReachable(outage.signal).catch(() => undefined);
    this.#outage = undefined;
    for (const { id, state } of this.#uploads) if (state.kind === 'refused' && state.again) this.#set(id, { kind: 'waiting' });
    this.#fill();
  }
}

function withoutPictures(analysis: UploadAnalysisResult): UploadAnalysisResult {
  return {
    ...analysis,
    images: analysis.images.map(({ picture: _picture, ...image }) => ({
      ...image,
      findings: image.findings.map(({ picture: _own, heatMap: _map, ...finding }) => finding),
    })),
  };
}

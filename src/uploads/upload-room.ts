import { mkdir, statfs } from 'node:fs/promises';
import { Fault } from '../errors.js';
import { Semaphore, SemaphoreFull } from '../lib/semaphore.js';

export interface UploadRoomLimits {
  /** Uploads that come or are looked at, of one account and of all. */
  readonly maxOfUser: number;
  readonly maxOfAll: number;
  /** Uploads that wait for their turn, before a byte of them is read. */
  readonly maxWaitingOfUser: number;
  readonly maxWaitingOfAll: number;
  /** What all uploads together may take of the disk, unpacked ones included. */
  readonly maxBytes: number;
  /** So much of the disk stays free: the database and the log need room. */
  readonly keepFreeBytes: number;
}

export const uploadRoomLimits: UploadRoomLimits = {
  maxOfUser: 2,
  maxOfAll: 6,
  maxWaitingOfUser: 16,
  maxWaitingOfAll: 64,
  maxBytes: 4 * 2 ** 30,
  keepFreeBytes: 256 * 2 ** 20,
};

/** What an upload may take; given back when it is over. */
export interface UploadPlace {
  /** Before so many more bytes are written. @throws Fault `disk-full`, `too-busy` */
  reserve(bytes: number): Promise<void>;
  release(): void;
}

/** Admits uploads before a byte of them is read: a few of each account, and no more than the disk has room for. */
export class UploadRoom {
  readonly #semaphore: Semaphore;
  #reserved = 0;

  constructor(
    private readonly directory: string,
    private readonly limits: UploadRoomLimits = uploadRoomLimits,
    private readonly freeBytes: (directory: string) => Promise<number> = freeBytesOf,
  ) {
    this.#semaphore = new Semaphore({
      maxActive: limits.maxOfAll,
      maxActiveOf: () => limits.maxOfUser,
      maxWaiting: limits.maxWaitingOfAll,
      maxWaitingOfKey: limits.maxWaitingOfUser,
    });
  }

  /**
   * Waits for a turn.
   *
   * @param signal of a sender that went away
   * @throws Fault `too-busy` where too many wait already, `upload-broken-off`
   */
  async enter(user: string, signal?: AbortSignal): Promise<UploadPlace> {
    const release = await this.#semaphore.acquire(user, signal).catch((error: unknown) => {
      if (error instanceof SemaphoreFull) throw new Fault('too-busy', 'too many uploads wait already; try again in a minute');
      throw new Fault('upload-broken-off', 'the sender went away', {}, { cause: error });
    });
    let own = 0;
    let open = true;
    return {
      reserve: async (bytes) => {
        if (this.#reserved + bytes > this.limits.maxBytes)
          throw new Fault('too-busy', 'other uploads take the room that uploads may take; try again in a minute');
        // Counted before the disk is asked: of several at once none takes the room of another. What has been written already is counted
        // twice, which errs on the safe side.
        this.#reserved += bytes;
        own += bytes;
        if ((await this.freeBytes(this.directory)) - this.#reserved < this.limits.keepFreeBytes) {
          this.#reserved -= bytes;
          own -= bytes;
          throw new Fault('disk-full', 'there is too little room left for an upload');
        }
      },
      release: () => {
        if (!open) return;
        open = false;
        this.#reserved -= own;
        release();
      },
    };
  }
}

async function freeBytesOf(directory: string): Promise<number> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

import { PGlite } from '@electric-sql/pglite';

/** The WASM PostgreSQL behind a PGlite has aborted; this instance is of no more use, the files are. */
export class EmbeddedDatabaseDied extends Error {
  override readonly name = 'EmbeddedDatabaseDied';
}

/**
 * Of PGlite's module, what its message loop calls. Not public: the pinned version is what this was read from
 * (0.5.16, execProtocolRawSync).
 */
interface MessageLoop {
  _PostgresMainLoopOnce(): void;
  _PostgresSendReadyForQueryIfNecessary(): void;
  _pgl_pq_flush(): void;
  stackRestore(pointer: unknown): void;
  readonly FS: {
    readonly streams: readonly unknown[];
    close(stream: unknown): void;
    chmod(path: string, mode: number, dontFollow?: boolean): void;
  };
}

/** Status with which PostgreSQL's siglongjmp arrives in JavaScript: an ordinary ERROR, already reported. */
const longJump = 100;

/**
 * PGlite that survives a PANIC.
 *
 * When PostgreSQL cannot write its log (disk full), it aborts. PGlite 0.5.16 then calls the aborted module
 * again and again in a loop that swallows the exception: the event loop never comes back and the process
 * hangs. Here the first such abort marks the instance as dead and leaves the loop, so that whoever
 * holds it can open the directory anew (seen: everything acknowledged is there after recovery).
 */
export class GuardedPGlite extends PGlite {
  #dead: unknown;
  #guarded = false;

  get dead(): boolean {
    return this.#dead !== undefined;
  }

  override execProtocolRawSync(message: Uint8Array): Uint8Array {
    if (this.dead) throw new EmbeddedDatabaseDied('the embedded database has stopped', { cause: this.#dead });
    this.#guard();
    try {
      return super.execProtocolRawSync(message);
    } catch (thrown) {
      if (this.dead) throw new EmbeddedDatabaseDied('the embedded database has stopped', { cause: this.#dead });
      throw thrown;
    }
  }

  /**
   * Emscripten's file system sets the mode of each file that it creates to the one that PostgreSQL requests under a umask of its own
   * (022), whatever that of the process is. From now on files are for this account only.
   */
  createPrivateFilesOnly(): void {
    const { FS } = this.mod as unknown as MessageLoop;
    const chmod = FS.chmod.bind(FS);
    FS.chmod = (path, mode, dontFollow) => chmod(path, mode & ~0o077, dontFollow);
  }

  #guard(): void {
    if (this.#guarded) return;
    this.#guarded = true;
    const module = this.mod as unknown as MessageLoop;
    const once = module._PostgresMainLoopOnce;
    module._PostgresMainLoopOnce = () => {
      try {
        once();
      } catch (thrown) {
        if ((thrown as { status?: unknown } | null)?.status === longJump) throw thrown;
        this.#dead = thrown ?? new Error('aborted');
        // The loop's clean-up would call into the aborted module as well.
        module._PostgresSendReadyForQueryIfNecessary = module._pgl_pq_flush = module.stackRestore = () => undefined;
        closeFiles(module);
        // The loop reads `.status` of what it catches: null makes that throw, which ends the loop.
        throw null;
      }
    };
  }
}

/** The next instance opens them again; those of the dead one would stay open until the process ends. */
function closeFiles({ FS }: MessageLoop): void {
  for (const stream of FS.streams) {
    try {
      if (stream) FS.close(stream);
    } catch {
      // Standard input and the like have nothing to close.
    }
  }
}

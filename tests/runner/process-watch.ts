import { readdirSync, readFileSync } from 'node:fs';

const graceMs = 5_000;
const lookEveryMs = 50;

/**
 * Knows the processes that come from one process, also those whose own parent has ended meanwhile: it looks from time to time and remembers.
 * A process is named by its number and its start time, for numbers are used again. Linux; elsewhere it sees nothing.
 */
export class ProcessWatch {
  readonly #known = new Map<number, string>();

  constructor(private readonly root: number) {}

  /** Remembers who comes from the root, or from anybody remembered, at this moment. */
  look(): void {
    const all = processes();
    for (const [pid, started] of this.#known) if (all.get(pid)?.started !== started) this.#known.delete(pid);
    for (let grown = -1; grown !== this.#known.size; ) {
      grown = this.#known.size;
      for (const [pid, { parent, started }] of all)
        if ((parent === this.root || this.#known.has(parent)) && pid !== process.pid) this.#known.set(pid, started);
    }
  }

  /** Those that run now, as "number name". */
  running(): readonly string[] {
    this.look();
    return this.#alive().map((pid) => `${pid} ${commandOf(pid)}`);
  }

  /**
   * Ends them all, whatever they start meanwhile, and returns when none is left. A PostgreSQL server is asked to end at once (SIGQUIT), so that it
   * gives back its shared memory; everything else gets SIGKILL, and so does a PostgreSQL server that does not end.
   *
   * @returns how many there were
   */
  async endAll(): Promise<number> {
    const ended = new Set<number>();
    const insistAt = Date.now() + graceMs;
    for (;;) {
      this.look();
      const alive = this.#alive();
      if (alive.length === 0) return ended.size;
      for (const pid of alive) {
        ended.add(pid);
        const asked = commandOf(pid) === 'postgres' && Date.now() < insistAt;
        try {
          process.kill(pid, asked ? 'SIGQUIT' : 'SIGKILL');
        } catch {
          // It ended between the two lines.
        }
      }
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  }

  #alive(): readonly number[] {
    // A zombie has ended; only its parent has not asked yet.
    return [...this.#known]
      .filter(([pid, started]) => processOf(pid)?.started === started && processOf(pid)?.state !== 'Z')
      .map(([pid]) => pid);
  }
}

export interface SeenProcess {
  readonly parent: number;
  /** R, S, Z …, see proc(5). */
  readonly state: string;
  /** Clock ticks since boot. */
  readonly started: string;
}

export function processOf(pid: number): SeenProcess | undefined {
  const fields = statOf(pid)
    ?.replace(/^.*\) /s, '')
    .split(' ');
  return fields && { state: fields[0]!, parent: Number(fields[1]), started: fields[19]! };
}

function processes(): ReadonlyMap<number, SeenProcess> {
  try {
    const seen = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), processOf(Number(name))] as const);
    return new Map(seen.filter((one): one is readonly [number, SeenProcess] => one[1] !== undefined));
  } catch {
    return new Map();
  }
}

function commandOf(pid: number): string {
  return /\((.*)\)/s.exec(statOf(pid) ?? '')?.[1] ?? '';
}

function statOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
}

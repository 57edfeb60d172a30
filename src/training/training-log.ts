import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { asFault } from '../errors.js';
import { writeFileAtomically } from '../lib/atomic-write.js';
import type { Position } from './checkpoint.js';

/** One training step. */
export interface StepEntry {
  readonly kind: 'step';
  readonly stage: number;
  readonly epoch: number;
  readonly batch: number;
  readonly loss: number;
  readonly smoothedLoss: number;
  readonly gradientNorm: number;
  /** Of the last layer group. */
  readonly learningRate: number;
  readonly momentum: number;
}

/** One epoch, counted from 0 within its stage. */
export interface EpochEntry {
  readonly kind: 'epoch';
  readonly stage: number;
  readonly epoch: number;
  readonly trainLoss: number;
  readonly validationLoss: number;
  /** Share of decisions called rightly. */
  readonly validationAccuracy: number;
  readonly seconds: number;
  readonly imagesPerSecond: number;
}

export type LogEntry = StepEntry | EpochEntry;

/** The log of a run: JSON lines, no patient, no file name. */
export class TrainingLog {
  private constructor(
    readonly path: string,
    private readonly logged: LogEntry[],
  ) {}

  /** Opens the log at a position: entries beyond the last checkpoint, of a run that was killed, are removed. */
  static async open(path: string, position: Position): Promise<TrainingLog> {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    // a line that was cut off in its middle is beyond the checkpoint by itself
    const entries = text.split('\n').flatMap((line) => parsed(line));
    const kept = entries.filter((entry) => isBefore(entry, position));
    await mkdir(dirname(path), { recursive: true });
    await writeFileAtomically(path, linesOf(kept));
    return new TrainingLog(path, kept);
  }

  get entries(): readonly LogEntry[] {
    return this.logged;
  }

  async add(entries: readonly LogEntry[]): Promise<void> {
    this.logged.push(...entries);
    await appendFile(this.path, linesOf(entries)).catch((error: unknown) => {
      throw ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')
        ? asFault(error, 'disk-full', { source: this.path })
        : error;
    });
  }
}

function isBefore(entry: LogEntry, { stage, epoch, batch }: Position): boolean {
  if (entry.stage !== stage) return entry.stage < stage;
  if (entry.epoch !== epoch) return entry.epoch < epoch;
  return entry.kind === 'step' && entry.batch < batch;
}

function parsed(line: string): LogEntry[] {
  try {
    return line.trim() === '' ? [] : [JSON.parse(line) as LogEntry];
  } catch {
    return [];
  }
}

function linesOf(entries: readonly LogEntry[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}

import type { Work } from './answer-limits.js';
import type { InputBatch } from './engine.js';

/** How long a prediction or a step takes is measured for each network by the values of its input. */
export function workOf(session: number, kind: 'predict' | 'step', { data }: InputBatch): Work {
  return { key: `${kind} ${session}`, units: data.length };
}

export function measuresOf(session: number): readonly string[] {
  return [`predict ${session}`, `step ${session}`];
}

/** For the fault of a prediction or step that is not answered. */
export function describeRequest(kind: 'predict' | 'step', { batch, channels, height, width }: InputBatch): string {
  return `${kind === 'predict' ? 'a prediction' : 'a training step'} of ${batch} × ${channels} × ${height} × ${width} values`;
}

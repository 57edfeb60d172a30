import type { TrainedTensor, TrainingPlan } from '../../training-plan.js';

/** A range of the vectors whose elements have one learning rate. */
export interface GroupRange {
  readonly group: number;
  readonly begin: number;
  readonly end: number;
}

/** Where each trained tensor lies when all of them lie behind each other in one vector, group by group. */
export interface ParameterPlaces {
  /** Of the vector. */
  readonly length: number;
  readonly ranges: readonly GroupRange[];
  /** By the tensor's name, [begin, end). */
  readonly places: ReadonlyMap<string, readonly [begin: number, end: number]>;
}

export function parameterPlaces({ trained }: Pick<TrainingPlan, 'trained'>): ParameterPlaces {
  // stable: within a group in the order of the layers
  const sorted = [...trained].sort((one, other) => one.group - other.group);
  const places = new Map<string, readonly [begin: number, end: number]>();
  const ranges: GroupRange[] = [];
  let length = 0;
  for (const { name, group, ...tensor } of sorted) {
    const begin = length;
    length += elements(tensor);
    places.set(name, [begin, length]);
    const last = ranges.at(-1);
    if (last?.group === group) ranges[ranges.length - 1] = { ...last, end: length };
    else ranges.push({ group, begin, end: length });
  }
  return { length, ranges, places };
}

const elements = ({ shape }: Pick<TrainedTensor, 'shape'>): number => shape.reduce((product, size) => product * size, 1);

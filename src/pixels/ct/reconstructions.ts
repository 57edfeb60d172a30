import { numberOf, numbersOf, textOf, textsOf } from '../../dicom/data-set.js';
import type { DataSet } from '../../dicom/data-set.js';

/** An axial slice with its place in the patient. */
export interface PlacedSlice {
  readonly instance: DataSet;
  /** The instance's attributes with those of the frame. */
  readonly frame: DataSet;
  /** 1-based. */
  readonly frameNumber: number;
  /** Image Position (Patient), mm. */
  readonly origin: readonly number[];
  /** Of length 1, towards the head. */
  readonly normal: readonly number[];
  /** Along the normal, mm. */
  readonly position: number;
  /** What tells one acquisition of a series from the next; 0 if nothing is stated. */
  readonly acquisition: number;
}

/** Normals that differ by less are one direction: writers round cosines differently from slice to slice. */
const sameDirection = Math.cos(Math.PI / 180);
/** Numbers that differ by a smaller factor are one: 1.25 and 1.250001 mm. */
const sameFactor = 1.1;
/** A slice nearer to one of a stack than this share of the stack's spacing is no next slice of it … */
const nearShare = 0.75;
/** … and a part of which more than this share is so near lies in the stack, and is another one. */
const maxNear = 0.5;
/** Runs of Instance Number shorter than this are no acquisitions. */
const minRun = 4;
/** More runs of Instance Number than this are no runs: the numbers do not tell series apart. */
const maxRuns = 6;

/**
 * The reconstructions among the axial slices of a study: same series, direction and matrix; and same kernel, acquisition, phase,
 * slice thickness and pixel spacing, unless parts that differ in these follow one another along the patient, as the table
 * positions of one scan do.
 */
export function reconstructionsOf(slices: readonly PlacedSlice[]): readonly (readonly PlacedSlice[])[] {
  return byDirection(slices).flatMap((group) => separated(alongOneNormal(group)));
}

function byDirection(slices: readonly PlacedSlice[]): readonly (readonly PlacedSlice[])[] {
  const groups: { readonly key: string; readonly normal: readonly number[]; readonly members: PlacedSlice[] }[] = [];
  for (const slice of slices) {
    const { instance, normal } = slice;
    const key = [textOf(instance, 'SeriesInstanceUID') ?? '', numberOf(instance, 'Rows') ?? 0, numberOf(instance, 'Columns') ?? 0].join(
      '|',
    );
    const group = groups.find((one) => one.key === key && dot(one.normal, normal) >= sameDirection);
    if (group) group.members.push(slice);
    else groups.push({ key, normal, members: [slice] });
  }
  return groups.map(({ members }) => members);
}

/** Positions along the mean normal: along each slice's own, the rounding of its cosines would move it. */
function alongOneNormal(group: readonly PlacedSlice[]): readonly PlacedSlice[] {
  const sum = [0, 1, 2].map((axis) => group.reduce((total, { normal }) => total + normal[axis]!, 0));
  const length = Math.hypot(...sum);
  const normal = sum.map((one) => one / length);
  return group.map((slice) => ({ ...slice, normal, position: dot(slice.origin, normal) }));
}

function separated(group: readonly PlacedSlice[]): readonly (readonly PlacedSlice[])[] {
  const kernels = new Set(group.map(kernelOf).filter((kernel) => kernel !== ''));
  const thickness = classesOf(group.map(({ frame }) => numberOf(frame, 'SliceThickness')));
  const spacing = classesOf(group.map(({ frame }) => numbersOf(frame, 'PixelSpacing')[0]));
  // Where nearly every slice has a number of its own, these are no acquisitions.
  const numbered = new Set(group.map(({ acquisition }) => acquisition)).size <= group.length / 2;
  const parts = new Map<string, PlacedSlice[]>();
  for (const [index, slice] of group.entries()) {
    // A slice that does not name its kernel belongs to the only one that is named.
    const kernel = kernels.size === 1 ? '' : kernelOf(slice);
    const key = [kernel, numbered ? slice.acquisition : '', thickness[index], spacing[index]].join('|');
    const part = parts.get(key);
    if (part) part.push(slice);
    else parts.set(key, [slice]);
  }
  const ordered = [...parts.values()].flatMap(runsOf).sort((a, b) => a[0]!.acquisition - b[0]!.acquisition || b.length - a.length);
  const stacks: PlacedSlice[][] = [];
  for (const part of ordered) {
    const before = stacks.find((stack) => !lieInEachOther(stack, part));
    if (before) before.push(...part);
    else stacks.push([...part]);
  }
  return stacks;
}

/** For each number its class: neighbours that differ by a small factor are of one class, and so is what is not stated. */
function classesOf(numbers: readonly (number | undefined)[]): readonly number[] {
  const sorted = [...new Set(numbers.map((one) => one ?? 0))].sort((a, b) => a - b);
  const classes = new Map<number, number>();
  for (const [index, one] of sorted.entries()) {
    const before = sorted[index - 1];
    const previous = before === undefined ? 0 : classes.get(before)!;
    classes.set(one, before === undefined || one <= before * sameFactor || before <= 0 ? previous : previous + 1);
  }
  return numbers.map((one) => classes.get(one ?? 0)!);
}

/** Letter case, blanks and punctuation make no other kernel; several values are one text. */
function kernelOf({ frame }: PlacedSlice): string {
  return textsOf(frame, 'ConvolutionKernel')
    .join(' ')
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '');
}

/**
 * Acquisitions that nothing tells apart but their numbering: along Instance Number the positions run from one end to the other, and
 * then once more. The whole part where the numbers tell nothing.
 */
function runsOf(part: readonly PlacedSlice[]): readonly (readonly PlacedSlice[])[] {
  const numbered = [...part].sort(
    (a, b) =>
      (numberOf(a.instance, 'InstanceNumber') ?? 0) - (numberOf(b.instance, 'InstanceNumber') ?? 0) || a.frameNumber - b.frameNumber,
  );
  const extent =
    part.reduce((highest, { position }) => Math.max(highest, position), -Infinity) -
    part.reduce((lowest, { position }) => Math.min(lowest, position), Infinity);
  const runs: PlacedSlice[][] = [];
  for (const [index, slice] of numbered.entries()) {
    // A jump back over half of the whole way begins a new run, in whichever direction the slices are numbered.
    const step = index === 0 ? 0 : slice.position - numbered[index - 1]!.position;
    if (index === 0 || Math.abs(step) > extent / 2) runs.push([]);
    runs.at(-1)!.push(slice);
  }
  return runs.length > 1 && runs.length <= maxRuns && runs.every((run) => run.length >= minRun) ? runs : [part];
}

/** Not so where a part goes on behind the stack or fills a hole in it. */
function lieInEachOther(stack: readonly PlacedSlice[], part: readonly PlacedSlice[]): boolean {
  const places = stack.map(({ position }) => position).sort((a, b) => a - b);
  const distances = places
    .slice(1)
    .map((place, i) => place - places[i]!)
    .sort((a, b) => a - b);
  const near = nearShare * (distances[distances.length >> 1] ?? 0);
  const count = part.filter(({ position }) => places.some((place) => Math.abs(place - position) < near)).length;
  return count > maxNear * part.length;
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, one, i) => sum + one * b[i]!, 0);
}

import { numberOf, numbersOf, textOf, textsOf } from '../../dicom/data-set.js';
import type { DataSet } from '../../dicom/data-set.js';
import { reconstructionsOf } from './reconstructions.js';
import type { PlacedSlice } from './reconstructions.js';
import { frameDataSet } from '../functional-groups.js';

/** One slice of a stack. */
export interface AxialSlice {
  readonly instance: DataSet;
  /** 1-based; 1 for a single-frame image. */
  readonly frameNumber: number;
  /** Distance along the normal from the frame of reference's origin, mm; grows towards the head. */
  readonly position: number;
}

/** The slices of one reconstruction in order from the feet to the head, and what was noticed on the way. */
export interface AxialStack {
  readonly slices: readonly AxialSlice[];
  readonly seriesInstanceUID: string | undefined;
  /** Why this series and no other, in one sentence. */
  readonly reason: string;
  /** Median distance of neighbours, mm; 0 for a single slice. */
  readonly spacing: number;
  /** Positions behind which a slice is missing (distance above 1.5 × spacing). */
  readonly gaps: readonly number[];
  /** Degrees between the row of positions and the normal: gantry tilt. */
  readonly tiltDegrees: number;
  readonly leftOut: readonly { readonly sopInstanceUID: string | undefined; readonly frameNumber: number; readonly reason: string }[];
}

type Candidate = PlacedSlice;

/** The normal may lean by 30° from the body's axis, which gantries reach. */
const minAxial = Math.cos(Math.PI / 6);
/** Thicker slices are averages made for another purpose, or scouts. */
const maxThicknessMm = 10;
/** Rescale Type (PS3.3 §C.11.1.1.2) of maps that are no attenuation: density, atomic number, iodine and the like. */
const otherUnits = new Set(['OD', 'MGML', 'Z_EFF', 'ED', 'EDW', 'PCT']);
/** Slices nearer than this are one slice twice. */
const sameMm = 0.05;
/** What resolves lung at a bearable number of slices; used only to choose among reconstructions of the same length. */
const wantedThicknessMm = 2;

/**
 * Puts the axial slices of a study in order along their normal (PS3.3 §C.7.6.2.1.1) and chooses one reconstruction:
 * the longest extent; among those within a tenth of it, the slice thickness nearest to 2 mm; then more slices; then the smaller UID;
 * then the first acquisition.
 * Several reconstructions of one acquisition so count once.
 *
 * @param instances metadata of the CT instances of one study, of one or several series; enhanced multi-frame too
 */
export function orderAxialSlices(instances: readonly DataSet[]): AxialStack {
  const leftOut: { sopInstanceUID: string | undefined; frameNumber: number; reason: string }[] = [];
  const candidates = instances.flatMap((instance) =>
    framesOf(instance).flatMap(({ frame, frameNumber }) => {
      const candidate = candidateOf(instance, frame, frameNumber);
      if (typeof candidate !== 'string') return [candidate];
      leftOut.push({ sopInstanceUID: textOf(instance, 'SOPInstanceUID'), frameNumber, reason: candidate });
      return [];
    }),
  );
  const stacks = reconstructionsOf(candidates).map((group) => stackOf(group));
  if (stacks.length === 0)
    return {
      slices: [],
      seriesInstanceUID: undefined,
      reason: 'no axial slice with a position',
      spacing: 0,
      gaps: [],
      tiltDegrees: 0,
      leftOut,
    };
  const longest = Math.max(...stacks.map(({ extent }) => extent));
  const [best, ...others] = stacks.filter(({ extent }) => extent >= 0.9 * longest).sort(compareStacks);
  for (const other of stacks) {
    if (other === best) continue;
    const reason =
      other.seriesInstanceUID === best!.seriesInstanceUID
        ? 'another acquisition or reconstruction of the same series was chosen'
        : `series ${best!.seriesInstanceUID ?? ''} was chosen instead`;
    leftOut.push(...[...other.slices, ...other.duplicates].map((slice) => ({ ...nameOf(slice), reason })));
  }
  leftOut.push(...best!.duplicates.map((slice) => ({ ...nameOf(slice), reason: 'a slice at the same position is there already' })));
  const otherStacks = stacks.length - 1;
  const reason =
    otherStacks === 0
      ? 'the only axial stack'
      : others.length === 0
        ? `the longest of ${stacks.length} stacks (${best!.extent.toFixed(0)} mm)`
        : `of ${others.length + 1} stacks of about the same length the one of ${best!.thickness.toFixed(2)} mm, nearest to ${wantedThicknessMm} mm`;
  const { slices, seriesInstanceUID, spacing, gaps, tiltDegrees } = best!;
  return {
    slices: slices.map(({ instance, frameNumber, position }) => ({ instance, frameNumber, position })),
    seriesInstanceUID,
    reason,
    spacing,
    gaps,
    tiltDegrees,
    leftOut,
  };
}

function framesOf(instance: DataSet): readonly { frame: DataSet; frameNumber: number }[] {
  const groups = instance['PerFrameFunctionalGroupsSequence'];
  const count = Array.isArray(groups) ? groups.length : 1;
  return Array.from({ length: count }, (_, index) => ({ frame: frameDataSet(instance, index + 1), frameNumber: index + 1 }));
}

/** A candidate, or why it is none. */
function candidateOf(instance: DataSet, frame: DataSet, frameNumber: number): Candidate | string {
  const imageType = [...textsOf(instance, 'ImageType'), ...textsOf(frame, 'FrameType')].map((value) => value.toUpperCase());
  if (imageType.some((value) => /LOCALI[SZ]ER|SCOUT|TOPOGRAM/.test(value))) return 'a localizer';
  if (imageType.some((value) => /^(MIP|MINIP|PROJECTION IMAGE|DOSE_INFO|SCREEN SAVE)$/.test(value))) return 'derived, no slice';
  const unit = textOf(frame, 'RescaleType')?.toUpperCase();
  if (unit !== undefined && otherUnits.has(unit)) return `values in ${unit}, not in Hounsfield units`;
  const thickness = numberOf(frame, 'SliceThickness');
  if (thickness !== undefined && thickness > maxThicknessMm) return `a slice of ${thickness} mm`;
  const cosines = numbersOf(frame, 'ImageOrientationPatient');
  const origin = numbersOf(frame, 'ImagePositionPatient');
  if (cosines.length !== 6 || origin.length !== 3) return 'no position or orientation';
  const [rx, ry, rz, cx, cy, cz] = cosines as [number, number, number, number, number, number];
  let normal = [ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx];
  const length = Math.hypot(...normal);
  if (!(length > 0.5)) return 'rows and columns are not at right angles';
  // Towards the head, whichever way the picture was turned.
  normal = normal.map((one) => (one / length) * Math.sign(normal[2] || 1));
  if (Math.abs(normal[2]!) < minAxial) return 'not axial';
  return { instance, frame, frameNumber, origin, normal, position: dot(origin, normal), acquisition: acquisitionOf(instance, frame) };
}

interface Stack {
  readonly slices: readonly Candidate[];
  readonly duplicates: readonly Candidate[];
  readonly seriesInstanceUID: string | undefined;
  readonly extent: number;
  readonly thickness: number;
  readonly spacing: number;
  readonly gaps: readonly number[];
  readonly tiltDegrees: number;
}

/** Number and phase of the acquisition, of the frame in enhanced objects. */
function acquisitionOf(instance: DataSet, frame: DataSet): number {
  const number = numberOf(frame, 'FrameAcquisitionNumber') ?? numberOf(instance, 'AcquisitionNumber') ?? 0;
  return number * 1000 + (numberOf(frame, 'TemporalPositionIndex') ?? numberOf(instance, 'TemporalPositionIdentifier') ?? 0);
}

function stackOf(group: readonly Candidate[]): Stack {
  const order = (one: Candidate): number =>
    (numberOf(one.instance, 'AcquisitionNumber') ?? 0) * 1e6 + (numberOf(one.instance, 'InstanceNumber') ?? 0);
  // Slices nearer than sameMm are at one place, whatever the last digits of their positions are: there the first acquisition counts.
  const place = (one: Candidate): number => Math.round(one.position / sameMm);
  const sorted = [...group].sort((a, b) => place(a) - place(b) || order(a) - order(b) || a.frameNumber - b.frameNumber);
  const slices: Candidate[] = [];
  const duplicates: Candidate[] = [];
  for (const slice of sorted) (slices.length > 0 && slice.position - slices.at(-1)!.position < sameMm ? duplicates : slices).push(slice);
  const distances = slices.slice(1).map((slice, i) => slice.position - slices[i]!.position);
  const spacing = distances.length ? [...distances].sort((a, b) => a - b)[distances.length >> 1]! : 0;
  const first = slices[0]!;
  const last = slices.at(-1)!;
  return {
    slices,
    duplicates,
    spacing,
    seriesInstanceUID: textOf(first.instance, 'SeriesInstanceUID'),
    extent: last.position - first.position,
    thickness: numberOf(first.frame, 'SliceThickness') ?? spacing,
    gaps: slices
      .slice(0, -1)
      .filter((_, i) => distances[i]! > 1.5 * spacing)
      .map(({ position }) => position),
    tiltDegrees: tiltOf(first, last),
  };
}

function tiltOf(first: Candidate, last: Candidate): number {
  const direction = last.origin.map((one, i) => one - first.origin[i]!);
  const length = Math.hypot(...direction);
  return length === 0 ? 0 : (Math.acos(Math.min(1, Math.abs(dot(direction, first.normal)) / length)) * 180) / Math.PI;
}

function compareStacks(a: Stack, b: Stack): number {
  const far = (stack: Stack): number => Math.round(Math.abs(stack.thickness - wantedThicknessMm) * 100);
  return (
    far(a) - far(b) ||
    b.slices.length - a.slices.length ||
    (a.seriesInstanceUID ?? '').localeCompare(b.seriesInstanceUID ?? '') ||
    a.slices[0]!.acquisition - b.slices[0]!.acquisition
  );
}

function nameOf({ instance, frameNumber }: AxialSlice): { sopInstanceUID: string | undefined; frameNumber: number } {
  return { sopInstanceUID: textOf(instance, 'SOPInstanceUID'), frameNumber };
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, one, i) => sum + one * b[i]!, 0);
}

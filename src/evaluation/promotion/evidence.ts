import type { ScoredSet } from '../report/scored-set.js';

/** A version on the locked test set. */
export interface EvaluatedVersion {
  readonly version: string;
  readonly set: ScoredSet;
  /** One row an image of the set: the penultimate layer. */
  readonly embeddings?: readonly ArrayLike<number>[] | undefined;
}

/** The challenger on the same images, changed. */
export interface ChangedSets {
  /** Lung fields blacked out, with a margin. */
  readonly lungsCovered: ScoredSet;
  /** Everything but the lung fields. */
  readonly onlyLungs: ScoredSet;
  /** Frame and corners, where markers stand. */
  readonly bordersCovered: ScoredSet;
}

/** Everything that the gate judges by. All sets hold the same images in the same order. */
export interface GateEvidence {
  readonly testSet: string;
  readonly kind: 'xray' | 'ct';
  /** Null for the first model. */
  readonly champion: EvaluatedVersion | null;
  readonly challenger: EvaluatedVersion;
  /** Null for CT, which has no lung-field mask here; the criteria are then shown as not made. An X-ray model without them is refused. */
  readonly changed: ChangedSets | null;
  /** Source and label of each training image, by class: how far one tells the other. */
  readonly training?:
    | { readonly source: readonly string[]; readonly labels: Readonly<Record<string, readonly (0 | 1 | null)[]>> }
    | undefined;
}

/** @throws RangeError if two sets are not of the same images in the same order */
export function checkSameImages(one: ScoredSet, other: ScoredSet, what: string): void {
  if (one.images.length !== other.images.length)
    throw new RangeError(`${what}: expected ${one.images.length} images, found ${other.images.length}`);
  const place = one.images.findIndex(({ id }, image) => id !== other.images[image]!.id);
  if (place >= 0)
    throw new RangeError(`${what}: expected image ${one.images[place]!.id} at place ${place}, found ${other.images[place]!.id}`);
}

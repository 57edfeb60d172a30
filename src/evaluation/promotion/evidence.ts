import type { Truth } from '../metrics/estimate.js';
import type { ScoredSet } from '../report/scored-set.js';

/** A version evaluated on the locked test set, at the thresholds that are served. */
export interface EvaluatedVersion {
  readonly version: string;
  readonly set: ScoredSet;
  /** Penultimate layer, one row for each image of the set. */
  readonly embeddings?: readonly ArrayLike<number>[] | undefined;
}

/** The challenger on the same images with a part of each covered. */
export interface MaskedSets {
  /** Lung fields blacked out, with a margin. */
  readonly lungsCovered: ScoredSet;
  /** Everything but the lung fields blacked out. */
  readonly onlyLungs: ScoredSet;
  /** Frame and corners blacked out, where markers are. */
  readonly bordersCovered: ScoredSet;
}

/** Everything that the gate decides from. All sets hold the same images in the same order. */
export interface GateEvidence {
  readonly testSet: string;
  readonly kind: 'xray' | 'ct';
  /** Null for the first model. */
  readonly champion: EvaluatedVersion | null;
  readonly challenger: EvaluatedVersion;
  /** Earlier promoted versions with the highest AUROC of a finding, other than the champion: a row of small losses adds up against them. */
  readonly best?: readonly EvaluatedVersion[];
  /** Best versions that cannot be loaded; each is a failed criterion. */
  readonly bestMissing?: readonly { readonly version: string; readonly why: string }[];
  /** Null if nothing was covered: an X-ray model is then refused; for CT the criteria are shown and do not count. */
  readonly masked: MaskedSets | null;
  /** Source and label of each training image, by class: shows how strongly they are associated. */
  readonly training?: { readonly source: readonly string[]; readonly labels: Readonly<Record<string, readonly Truth[]>> } | undefined;
}

/** @throws RangeError if two sets do not hold the same images in the same order */
export function checkSameImages(expected: ScoredSet, found: ScoredSet, what: string): void {
  if (expected.images.length !== found.images.length)
    throw new RangeError(`${what}: expected ${expected.images.length} images, found ${found.images.length}`);
  const index = expected.images.findIndex(({ id }, image) => id !== found.images[image]!.id);
  if (index >= 0)
    throw new RangeError(`${what}: expected image ${expected.images[index]!.id} at index ${index}, found ${found.images[index]!.id}`);
}

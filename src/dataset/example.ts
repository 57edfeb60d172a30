import type { LabelOrigin } from '../lib/label-origin.js';
import type { GreyImage } from '../pixels/image.js';

/** Whether an image has exactly one class, or each class is present or absent. */
export type LabelKind = 'one-of-many' | 'several';

/** One labelled image, wherever its pixels are. */
export interface Example {
  /** Names the pixels for good, and so the caches of them: the file's SHA-256, or a SOP Instance UID (and frame). */
  readonly key: string;
  /** The patient: the same text for all images of one. Never logged; locks contain a hash of it. */
  readonly patient: string;
  /** The hospital, collection or scanner that it came from. */
  readonly source: string;
  /** `PA`, `AP`, `L`, `frontal`, `CT` … as the source states; empty if it does not. */
  readonly view: string;
  /** Classes that are present; exactly one for `one-of-many`, none for a normal image of `several`. */
  readonly labels: readonly string[];
  /**
   * Of `several`: findings that are stated to be absent; with this list, a finding in neither list is unknown, not absent. `abnormal` in
   * it means a normal image: every finding is absent. Without it, every class that no label names is absent.
   */
  readonly absent?: readonly string[] | undefined;
  /** Of `several`: classes of which nothing is known for this image; they take no part in loss and metrics. */
  readonly unknown?: readonly string[];
  /** Where each statement comes from, by finding; absent for a finding whose origin is not stated. */
  readonly origins?: Readonly<Record<string, LabelOrigin>> | undefined;
  /** In years, where the source states it. */
  readonly age?: number | undefined;
  /** Whether lines, tubes or other devices are visible, where the source states it. */
  readonly devices?: boolean | undefined;
  /** 256 bits as 64 hexadecimal digits (perceptual-hash.ts); images without one are near-duplicates of none. */
  readonly perceptualHash?: string;
  /** The site that it came from as drift calls it, and what its DICOM header says of how it was taken, where there is one. */
  readonly site?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** For messages: a file name, relative to the data set. */
  readonly file?: string;
}

/** What can be trained on: a folder that `dataset import` made, or studies that radiologists labelled. */
export interface ExampleSource {
  readonly kind: LabelKind;
  /** In the order of the network's outputs. */
  readonly classes: readonly string[];
  readonly examples: readonly Example[];
  /**
   * The image as a radiologist sees it, in any size.
   * @throws Fault image-unreadable, pixels-unreadable …
   */
  picture(example: Example): Promise<GreyImage>;
}

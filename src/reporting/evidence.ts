import type { DataSet } from '../dicom/data-set.js';
import type { ImageReference } from '../sr/report-content.js';
import { referenceTo } from './image-reference.js';

/** The images a skip or a failure speaks about, a hundred at most. */
export function evidenceOf(considered: readonly DataSet[]): readonly ImageReference[] {
  return considered.slice(0, 100).map((instance) => referenceTo(instance));
}

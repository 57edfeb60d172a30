import type { CodedConcept } from '../dicom/code.js';
import { textOf, type DataSet } from '../dicom/data-set.js';
import { checkAttributes } from './checks/attributes.js';
import { checkCodes } from './checks/codes.js';
import { checkContentTree } from './checks/content-tree.js';
import { checkEqualities } from './checks/equalities.js';
import { checkReferences, type ImageSize } from './checks/references.js';
import { checkTemplate } from './checks/templates.js';

export interface CheckOptions {
  /** A measurement report without a place, which IHE AIR wants and OHIF crashes on. */
  readonly mayPointAtNothing?: boolean;
  /** Codes of config/findings.json; without them only the form of codes is checked. */
  readonly codes?: readonly CodedConcept[];
  /** Sizes of the images by SOP Instance UID; without one, that region's right and bottom edges are not checked. */
  readonly imageSizes?: ReadonlyMap<string, ImageSize>;
}

/**
 * Our own check before a document is stored.
 *
 * @returns what is wrong, one sentence each, with keywords and paths but no patient attribute; empty if nothing is
 */
export function checkDocument(document: DataSet, options: CheckOptions = {}): readonly string[] {
  return [
    ...checkAttributes(document),
    ...checkContentTree(document, textOf(document, 'SOPClassUID') ?? '', options.mayPointAtNothing ?? false),
    ...checkTemplate(document),
    ...checkCodes(document, options.codes),
    ...checkReferences(document, options.imageSizes ?? new Map()),
    ...checkEqualities(document),
  ];
}

/** The same before an assessment is stored: it may be verified, and no algorithm speaks in it. */
export function checkAssessment(document: DataSet, options: CheckOptions = {}): readonly string[] {
  return [
    ...checkAttributes(document, 'allowed'),
    ...checkContentTree(document, textOf(document, 'SOPClassUID') ?? '', false),
    ...checkTemplate(document),
    ...checkCodes(document, options.codes),
    ...checkReferences(document, options.imageSizes ?? new Map()),
  ];
}

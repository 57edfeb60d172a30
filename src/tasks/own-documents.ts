import type { DataSet } from '../dicom/data-set.js';
import { isOwnDocument } from '../sr/own-document.js';
import { readReport, type ReadReport } from '../sr/read-report.js';
import type { DocumentReference } from '../sr/report-content.js';
import { referenceTo } from './image-reference.js';

/** One of our documents as it stands in the PACS. */
export interface OwnDocument {
  readonly reference: DocumentReference;
  readonly kind: 'text' | 'measurement';
  readonly report: ReadReport;
}

export interface OwnDocuments {
  readonly all: readonly OwnDocument[];
  /** Those that no other document names as its predecessor. */
  readonly current: readonly OwnDocument[];
}

/** Finds our documents among the instances of a study; the PACS, not the index, says what was reported. */
export function ownDocumentsIn(instances: readonly DataSet[]): OwnDocuments {
  const all = instances.filter(isOwnDocument).map((instance): OwnDocument => {
    const report = readReport(instance);
    return { reference: referenceTo(instance), kind: report.kind, report };
  });
  const superseded = new Set(all.flatMap((one) => one.report.predecessors.map((predecessor) => predecessor.sopInstanceUID)));
  return { all, current: all.filter((one) => !superseded.has(one.reference.sopInstanceUID)) };
}

/** The input of a result, as an algorithm parameter of its documents: how a repeat recognises what is already said. */
export function inputParameter(inputKey: string): string {
  return `input ${inputKey}`;
}

/** Whether a document was made by this model version from these images. */
export function saysTheSame(document: OwnDocument, inputKey: string, deviceUID: string): boolean {
  return document.report.algorithm.deviceUID === deviceUID && document.report.algorithm.parameters.includes(inputParameter(inputKey));
}

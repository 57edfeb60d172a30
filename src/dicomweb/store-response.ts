import type { DataSet } from '../dicom/data-set.js';
import { itemsOf, numberOf, textOf } from '../dicom/data-set.js';
import type { SOPInstanceUID } from '../dicom/uid.js';
import { Fault, type FaultSubject } from '../errors.js';

/** One instance that the PACS has taken, PS3.18 §10.5.3 and Annex I. */
export interface StoredInstance {
  readonly sopInstanceUID: SOPInstanceUID;
  /** Warning Reason (0008,1196): stored, but something was changed or not understood. */
  readonly warningReason?: number;
}

/**
 * Reads a Store Instances Response Module.
 *
 * Orthanc 1.10.1 answers 200 when it took all (also what it had already), 400 when it could not read one of them, and then
 * names those it took but not the one it refused.
 *
 * @param answer of STOW-RS
 * @param sent how many instances were sent
 * @throws Fault pacs-rejected unless every instance was taken; retryable if the PACS was out of resources
 */
export function readStoreResponse(answer: DataSet, sent: number, subject: FaultSubject): readonly StoredInstance[] {
  const stored = itemsOf(answer, 'ReferencedSOPSequence').flatMap((item): StoredInstance[] => {
    const sopInstanceUID = textOf(item, 'ReferencedSOPInstanceUID') as SOPInstanceUID | undefined;
    const warningReason = numberOf(item, 'WarningReason');
    return sopInstanceUID === undefined ? [] : [{ sopInstanceUID, ...(warningReason === undefined ? {} : { warningReason }) }];
  });
  const failed = itemsOf(answer, 'FailedSOPSequence').map((item) => ({
    sopInstanceUID: textOf(item, 'ReferencedSOPInstanceUID') as SOPInstanceUID | undefined,
    reason: numberOf(item, 'FailureReason'),
  }));
  if (failed.length === 0 && stored.length >= sent) return stored;

  const reasons = failed.map(({ reason }) => (reason === undefined ? 'no reason given' : describeFailure(reason)));
  const why = reasons.length ? [...new Set(reasons)].join(', ') : 'the PACS gives no reason';
  const which = failed.length === 1 ? failed[0]!.sopInstanceUID : undefined;
  throw new Fault(
    'pacs-rejected',
    `${stored.length} of ${sent} instances were taken: ${why}`,
    { ...subject, ...(which ? { sopInstanceUID: which } : {}) },
    {
      retryable: failed.some(({ reason }) => reason !== undefined && isOutOfResources(reason)),
    },
  );
}

/** PS3.18 Table I.2-2, PS3.4 Table B.2-1. */
function describeFailure(reason: number): string {
  const code = `0x${reason.toString(16).toUpperCase().padStart(4, '0')}`;
  if (isOutOfResources(reason)) return `out of resources (${code})`;
  if (reason >= 0xa900 && reason <= 0xa9ff) return `data set does not match its SOP class (${code})`;
  if (reason >= 0xc000 && reason <= 0xcfff) return `cannot understand (${code})`;
  const known: Readonly<Record<number, string>> = {
    0x0110: 'processing failure',
    0x0122: 'SOP class not supported',
    0x0124: 'not authorized',
    0xc122: 'transfer syntax not supported',
  };
  return `${known[reason] ?? 'failure'} (${code})`;
}

function isOutOfResources(reason: number): boolean {
  return reason >= 0xa700 && reason <= 0xa7ff;
}

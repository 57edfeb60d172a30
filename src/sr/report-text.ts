import { textOf, type DataSet } from '../dicom/data-set.js';
import { childrenOf, nameOf, valueTypeOf } from './content-tree.js';
import { readHierarchical } from './references.js';
import { momentOf } from './timezone.js';

/** Basic Text SR, Enhanced SR and Comprehensive SR (PS3.6 Annex A). */
const textClasses = new Set(['1.2.840.10008.5.1.4.1.1.88.11', '1.2.840.10008.5.1.4.1.1.88.22', '1.2.840.10008.5.1.4.1.1.88.33']);

/** The text of a structured report that a person wrote. */
export interface StructuredReportText {
  readonly sopInstanceUID: string;
  /** Parts under one heading each, separated by form feeds. */
  readonly text: string;
  readonly isComplete: boolean;
  readonly isVerified: boolean;
  readonly writtenAt: Date | undefined;
  /** SOP Instance UIDs of the documents that it replaces. */
  readonly predecessors: readonly string[];
}

/** @returns undefined for another kind of instance, or a document without text */
export function structuredReportText(instance: DataSet): StructuredReportText | undefined {
  if (textOf(instance, 'Modality') !== 'SR' || !textClasses.has(textOf(instance, 'SOPClassUID') ?? '')) return undefined;
  const text = partsOf(instance, '').join('\f');
  const sopInstanceUID = textOf(instance, 'SOPInstanceUID');
  if (text === '' || sopInstanceUID === undefined) return undefined;
  return {
    sopInstanceUID,
    text,
    isComplete: textOf(instance, 'CompletionFlag') === 'COMPLETE',
    isVerified: textOf(instance, 'VerificationFlag') === 'VERIFIED',
    writtenAt: momentOf(instance, 'ContentDate', 'ContentTime'),
    predecessors: readHierarchical(instance, 'PredecessorDocumentsSequence').map((one) => one.sopInstanceUID),
  };
}

/** Each container is a part under its name ("Findings"); texts at the top under their own ("Impression"). */
function partsOf(container: DataSet, heading: string): readonly string[] {
  const parts: string[] = [];
  let lines: string[] = [];
  const endPart = (): void => {
    if (lines.length > 0) parts.push([...(heading === '' ? [] : [`${heading}:`]), ...lines].join('\n'));
    lines = [];
  };
  for (const item of childrenOf(container)) {
    const name = nameOf(item)?.meaning.trim() ?? '';
    if (valueTypeOf(item) === 'CONTAINER') {
      endPart();
      parts.push(...partsOf(item, name));
    } else if (valueTypeOf(item) === 'TEXT') {
      const text = textOf(item, 'TextValue')?.replace(/\r\n?/g, '\n');
      if (text === undefined) continue;
      if (heading === '' && name !== '') parts.push(`${name}:\n${text}`);
      else lines.push(text);
    }
  }
  endPart();
  return parts;
}

import type { CodedConcept } from '../dicom/code.js';
import type { DataSet } from '../dicom/data-set.js';
import { legalText } from './legal-value.js';
import type { DocumentReference, FindingRegion, ImageReference } from './references.js';

/** One node of an SR content tree (PS3.3 C.17.3), as a data set. */
export type ContentItem = DataSet;

/** How an item belongs to its parent (PS3.3 Table C.17.3-8). */
export type Relationship =
  | 'CONTAINS'
  | 'HAS CONCEPT MOD'
  | 'HAS OBS CONTEXT'
  | 'HAS ACQ CONTEXT'
  | 'HAS PROPERTIES'
  | 'INFERRED FROM'
  | 'SELECTED FROM';

/** An item of a code sequence (PS3.3 §8.8); codes too long for SH go into Long Code Value, URNs into URN Code Value. */
export function codeItem(concept: CodedConcept): DataSet {
  const meaning = { CodeMeaning: concept.meaning };
  if (/^(urn:|https?:)/i.test(concept.value)) return { URNCodeValue: concept.value, ...meaning };
  const scheme = { CodingSchemeDesignator: concept.scheme };
  return concept.value.length > 16
    ? { LongCodeValue: concept.value, ...scheme, ...meaning }
    : { CodeValue: concept.value, ...scheme, ...meaning };
}

export function code(
  relationship: Relationship,
  name: CodedConcept,
  value: CodedConcept,
  children: readonly ContentItem[] = [],
): ContentItem {
  return item('CODE', relationship, name, { ConceptCodeSequence: [codeItem(value)] }, children);
}

/** @param text any length; control characters other than line ends are left out */
export function text(relationship: Relationship, name: CodedConcept, value: string, children: readonly ContentItem[] = []): ContentItem {
  return item('TEXT', relationship, name, { TextValue: legalText(value) }, children);
}

/** @param value a decimal string of at most 16 characters */
export function num(
  relationship: Relationship,
  name: CodedConcept,
  value: string,
  unit: CodedConcept,
  children: readonly ContentItem[] = [],
): ContentItem {
  const measured = { MeasurementUnitsCodeSequence: [codeItem(unit)], NumericValue: value };
  return item('NUM', relationship, name, { MeasuredValueSequence: [measured] }, children);
}

export function uidref(relationship: Relationship, name: CodedConcept, uid: string): ContentItem {
  return item('UIDREF', relationship, name, { UID: uid }, []);
}

/** @param name made legal (legal-value.ts) */
export function pname(relationship: Relationship, name: CodedConcept, person: string): ContentItem {
  return item('PNAME', relationship, name, { PersonName: person }, []);
}

/** @param value DA (legal-value.ts) */
export function date(relationship: Relationship, name: CodedConcept, value: string): ContentItem {
  return item('DATE', relationship, name, { Date: value }, []);
}

/** @param value TM (legal-value.ts) */
export function time(relationship: Relationship, name: CodedConcept, value: string): ContentItem {
  return item('TIME', relationship, name, { Time: value }, []);
}

export function image(
  relationship: Relationship,
  name: CodedConcept | undefined,
  reference: ImageReference,
  children: readonly ContentItem[] = [],
): ContentItem {
  const sop = {
    ReferencedSOPClassUID: reference.sopClassUID,
    ReferencedSOPInstanceUID: reference.sopInstanceUID,
    ...(reference.frameNumber === undefined ? {} : { ReferencedFrameNumber: reference.frameNumber }),
  };
  return item('IMAGE', relationship, name, { ReferencedSOPSequence: [sop] }, children);
}

/** An instance that is no image, such as an SR document (PS3.3 C.18.3), without a concept name. */
export function composite(relationship: Relationship, reference: DocumentReference): ContentItem {
  const sop = { ReferencedSOPClassUID: reference.sopClassUID, ReferencedSOPInstanceUID: reference.sopInstanceUID };
  return item('COMPOSITE', relationship, undefined, { ReferencedSOPSequence: [sop] }, []);
}

/**
 * A box on one image as a closed POLYLINE: top left, top right, bottom right, bottom left, top left (PS3.3 C.18.6).
 *
 * @param name undefined below a measurement, where TID 320 leaves it open and OHIF expects none
 */
export function boxOn(relationship: Relationship, name: CodedConcept | undefined, region: FindingRegion): ContentItem {
  const [left, top, right, bottom] = [region.left, region.top, region.right, region.bottom].map(Math.fround) as [
    number,
    number,
    number,
    number,
  ];
  const corners = [left, top, right, top, right, bottom, left, bottom, left, top];
  return item('SCOORD', relationship, name, { GraphicType: 'POLYLINE', GraphicData: corners }, [
    image('SELECTED FROM', undefined, region.image),
  ]);
}

export function container(
  relationship: Relationship,
  name: CodedConcept,
  children: readonly ContentItem[],
  templateIdentifier?: string,
): ContentItem {
  return item('CONTAINER', relationship, name, { ContinuityOfContent: 'SEPARATE', ...template(templateIdentifier) }, children);
}

/**
 * The root of a document: a CONTAINER without a relationship.
 *
 * @param mappingResource DCMR for the templates of PS3.16; for a private template its designator (PS3.3 C.18.8.1.2)
 */
export function root(
  title: CodedConcept,
  templateIdentifier: string,
  children: readonly ContentItem[],
  mappingResource = 'DCMR',
): ContentItem {
  return item(
    'CONTAINER',
    undefined,
    title,
    { ContinuityOfContent: 'SEPARATE', ...template(templateIdentifier, mappingResource) },
    children,
  );
}

function template(identifier: string | undefined, mappingResource = 'DCMR'): DataSet {
  return identifier === undefined
    ? {}
    : { ContentTemplateSequence: [{ MappingResource: mappingResource, TemplateIdentifier: identifier }] };
}

function item(
  valueType: string,
  relationship: Relationship | undefined,
  name: CodedConcept | undefined,
  value: DataSet,
  children: readonly ContentItem[],
): ContentItem {
  return {
    ...(relationship === undefined ? {} : { RelationshipType: relationship }),
    ValueType: valueType,
    ...(name === undefined ? {} : { ConceptNameCodeSequence: [codeItem(name)] }),
    ...value,
    ...(children.length === 0 ? {} : { ContentSequence: children }),
  };
}

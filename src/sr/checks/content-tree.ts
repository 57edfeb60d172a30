import { sameConcept } from '../../dicom/code.js';
import { conceptOf, textOf, type DataSet } from '../../dicom/data-set.js';
import { codes } from '../codes.js';
import { childrenNamed, childrenOf, everyItem, measuredOf, nameOf, textNamed, textsNamed, valueTypeOf } from '../content-tree.js';
import { comprehensive3dSr } from '../document-header.js';
import { legalDate, legalTime } from '../legal-value.js';

/** Structure of the content tree: what PS3.3 C.17.3 demands of an item, what our templates and OHIF demand of a document. */
export function checkContentTree(document: DataSet, sopClassUID: string, mayPointAtNothing: boolean): readonly string[] {
  const items = [...everyItem(document)];
  const inText = sopClassUID !== comprehensive3dSr;
  return [
    ...items.flatMap(({ item, path, parent }) =>
      parent ? checkItem(item, parent, inText).map((wrong) => `content item ${path}: ${wrong}`) : [],
    ),
    ...(inText ? [] : checkMeasurementReport(document, mayPointAtNothing)),
  ];
}

function checkItem(item: DataSet, parent: DataSet, inText: boolean): readonly string[] {
  const type = valueTypeOf(item);
  const relationship = textOf(item, 'RelationshipType');
  // Image Library entries (TID 1601) and coordinates below a measurement (TID 320) have no name; OHIF trips over others.
  const mayBeNameless = !inText && (type === 'IMAGE' || (type === 'SCOORD' && valueTypeOf(parent) === 'NUM'));
  const selected = type === 'IMAGE' && relationship === 'SELECTED FROM';
  return [
    ...(relationship === undefined ? ['has no relationship to its parent'] : []),
    ...(nameOf(item) === undefined && !mayBeNameless && !selected ? [`${type || 'item'} has no concept name`] : []),
    ...checkValue(item, type),
  ];
}

function checkValue(item: DataSet, type: string): readonly string[] {
  switch (type) {
    case 'TEXT':
      return textOf(item, 'TextValue') === undefined ? ['TEXT is empty'] : [];
    case 'CODE':
      return conceptOf(item, 'ConceptCodeSequence') === undefined ? ['CODE has no value'] : [];
    case 'UIDREF':
      return textOf(item, 'UID') === undefined ? ['UIDREF has no UID'] : [];
    case 'PNAME':
      return textOf(item, 'PersonName') === undefined ? ['PNAME has no name'] : [];
    case 'DATE':
      return legalDate(textOf(item, 'Date') ?? '') === '' ? ['DATE has no date'] : [];
    case 'TIME':
      return legalTime(textOf(item, 'Time') ?? '') === '' ? ['TIME has no time'] : [];
    case 'NUM':
      return checkNumber(item);
    case 'CONTAINER':
      return [
        ...(textOf(item, 'ContinuityOfContent') === undefined ? ['CONTAINER has no Continuity Of Content'] : []),
        ...(childrenOf(item).length === 0 ? ['CONTAINER is empty'] : []),
      ];
    case 'IMAGE':
    case 'SCOORD':
      return [];
    default:
      return [`value type "${type}" is none that we write`];
  }
}

function checkNumber(item: DataSet): readonly string[] {
  const measured = measuredOf(item);
  if (!measured) return ['NUM has no number'];
  const isPixels = [codes.pixelDataRows, codes.pixelDataColumns].some((name) => sameConcept(nameOf(item), name));
  if (isPixels)
    return sameConcept(measured.unit, codes.pixels) && measured.value > 0
      ? []
      : [`NUM: expected a number of pixels, found ${measured.value} ${measured.unit?.value ?? 'without unit'}`];
  if (!sameConcept(measured.unit, codes.percent)) return [`NUM: expected %, found ${measured.unit?.value ?? 'no unit'}`];
  return measured.value >= 0 && measured.value <= 100 ? [] : [`NUM: expected 0 to 100 %, found ${measured.value}`];
}

/** The requirements of OHIF on a TID 1500 document (a group without coordinates, or no group, crashes it), and of software that tracks lesions. */
function checkMeasurementReport(document: DataSet, mayPointAtNothing: boolean): readonly string[] {
  const groups = childrenNamed(document, codes.imagingMeasurements).flatMap((section) => childrenNamed(section, codes.measurementGroup));
  const uids = groups.flatMap((group) => textsNamed(group, codes.trackingUniqueIdentifier));
  const pointing = groups.filter((group) => [...everyItem(group)].some(({ item }) => valueTypeOf(item) === 'SCOORD'));
  return [
    ...(groups.length === 0 && !mayPointAtNothing ? ['expected at least one Measurement Group, found none'] : []),
    ...(pointing.length < groups.length && !mayPointAtNothing ? ['a Measurement Group has no coordinates'] : []),
    ...(groups.some((group) => textNamed(group, codes.trackingIdentifier) === undefined)
      ? ['a Measurement Group has no Tracking Identifier']
      : []),
    ...(uids.length !== groups.length || new Set(uids).size !== uids.length
      ? ['expected a Tracking Unique Identifier of its own for each Measurement Group']
      : []),
  ];
}

import { sameConcept, type CodedConcept } from '../../dicom/code.js';
import { conceptOf, itemsOf, textOf, type DataSet } from '../../dicom/data-set.js';
import { codes } from '../codes.js';
import { everyItem, nameOf } from '../content-tree.js';
import { comprehensive3dSr } from '../document-header.js';

/** IHE AIR Table 6.5.3.1-1: the same string in the Contributing Equipment Sequence, TID 1004 and TID 4019. */
const correspondence: readonly (readonly [keyword: string, names: readonly CodedConcept[]])[] = [
  ['Manufacturer', [codes.deviceObserverManufacturer]],
  ['ManufacturerModelName', [codes.deviceObserverModelName, codes.algorithmName]],
  ['SoftwareVersions', [codes.algorithmVersion]],
  ['DeviceUID', [codes.deviceObserverUid]],
];

export function checkEqualities(document: DataSet): readonly string[] {
  const processing = itemsOf(document, 'ContributingEquipmentSequence').find((item) =>
    sameConcept(conceptOf(item, 'PurposeOfReferenceCodeSequence'), codes.processingEquipment),
  );
  if (!processing) return ['ContributingEquipmentSequence: expected an item of Processing Equipment, found none'];
  // TID 4019 stands in the measurement groups, of which a report without findings has none.
  const hasGroups = [...everyItem(document)].some(({ item }) => sameConcept(nameOf(item), codes.measurementGroup));
  const expectedNames = (names: readonly CodedConcept[]): readonly CodedConcept[] =>
    hasGroups || textOf(document, 'SOPClassUID') !== comprehensive3dSr
      ? names
      : names.filter((name) => name !== codes.algorithmName && name !== codes.algorithmVersion);
  return correspondence.flatMap(([keyword, names]) => {
    const expected = textOf(processing, keyword);
    if (expected === undefined) return [`ContributingEquipmentSequence ${keyword}: expected a value, found none`];
    const inHeader =
      (textOf(document, keyword) ?? expected) === expected
        ? []
        : [`${keyword}: expected "${expected}" as in the Contributing Equipment Sequence`];
    const inContent = names.flatMap((name) =>
      valuesNamed(document, name).flatMap((value) =>
        value === expected ? [] : [`${name.meaning} (${name.value}): expected "${expected}", found "${value}"`],
      ),
    );
    const missing = expectedNames(names)
      .filter((name) => valuesNamed(document, name).length === 0)
      .map((name) => `${name.meaning} (${name.value}): expected an item, found none`);
    return [...inHeader, ...inContent, ...missing];
  });
}

function valuesNamed(document: DataSet, name: CodedConcept): readonly string[] {
  return [...everyItem(document)]
    .filter(({ item }) => sameConcept(nameOf(item), name))
    .map(({ item }) => textOf(item, 'TextValue') ?? textOf(item, 'UID') ?? '');
}

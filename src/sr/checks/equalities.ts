import { sameConcept, type CodedConcept } from '../../dicom/code.js';
import { conceptOf, itemsOf, textOf, type DataSet } from '../../dicom/data-set.js';
import { codes } from '../codes.js';
import { childrenNamed, everyItem, nameOf } from '../content-tree.js';
import { comprehensive3dSr } from '../document-header.js';

/**
 * IHE AIR Table 6.5.3.1-1: the same string in the Contributing Equipment Sequence, TID 1004 and TID 4019. The header and TID 1004 name
 * the first algorithm; TID 4019 names the one of its group or section.
 */
const correspondence: readonly (readonly [keyword: string, observer: CodedConcept | undefined, algorithm: CodedConcept | undefined])[] = [
  ['Manufacturer', codes.deviceObserverManufacturer, undefined],
  ['ManufacturerModelName', codes.deviceObserverModelName, codes.algorithmName],
  ['SoftwareVersions', undefined, codes.algorithmVersion],
  ['DeviceUID', codes.deviceObserverUid, undefined],
];

export function checkEqualities(document: DataSet): readonly string[] {
  const processing = itemsOf(document, 'ContributingEquipmentSequence').filter((item) =>
    sameConcept(conceptOf(item, 'PurposeOfReferenceCodeSequence'), codes.processingEquipment),
  );
  const [first] = processing;
  if (!first) return ['ContributingEquipmentSequence: expected an item of Processing Equipment, found none'];
  // TID 4019 stands in the measurement groups, of which a report without findings has none.
  const hasGroups = [...everyItem(document)].some(({ item }) => sameConcept(nameOf(item), codes.measurementGroup));
  const needsAlgorithm = hasGroups || textOf(document, 'SOPClassUID') !== comprehensive3dSr;
  const same = correspondence.flatMap(([keyword, observer, algorithm]) => {
    const all = processing.map((item) => textOf(item, keyword));
    if (all.includes(undefined)) return [`ContributingEquipmentSequence ${keyword}: expected a value, found none`];
    const expected = all[0]!;
    return [
      ...((textOf(document, keyword) ?? expected) === expected
        ? []
        : [`${keyword}: expected "${expected}" as in the Contributing Equipment Sequence`]),
      ...(observer ? faultsOf(document, observer, [expected], true) : []),
      ...(algorithm ? faultsOf(document, algorithm, all as string[], needsAlgorithm) : []),
    ];
  });
  return [...same, ...wrongPairs(document, processing)];
}

function faultsOf(document: DataSet, name: CodedConcept, allowed: readonly string[], isNeeded: boolean): readonly string[] {
  const values = valuesNamed(document, name);
  if (isNeeded && values.length === 0) return [`${name.meaning} (${name.value}): expected an item, found none`];
  return values.flatMap((value) =>
    allowed.includes(value)
      ? []
      : [`${name.meaning} (${name.value}): expected "${[...new Set(allowed)].join('" or "')}", found "${value}"`],
  );
}

/** Name and version of one algorithm beside each other, not those of two. */
function wrongPairs(document: DataSet, processing: readonly DataSet[]): readonly string[] {
  if (processing.length < 2) return [];
  return [...everyItem(document)].flatMap(({ item }) => {
    const [name] = childrenNamed(item, codes.algorithmName);
    const [version] = childrenNamed(item, codes.algorithmVersion);
    if (!name || !version) return [];
    const isPair = processing.some(
      (one) =>
        textOf(one, 'ManufacturerModelName') === textOf(name, 'TextValue') &&
        textOf(one, 'SoftwareVersions') === textOf(version, 'TextValue'),
    );
    return isPair
      ? []
      : [
          `Algorithm Name and Version: expected those of one algorithm, found "${textOf(name, 'TextValue')}" beside "${textOf(version, 'TextValue')}"`,
        ];
  });
}

function valuesNamed(document: DataSet, name: CodedConcept): readonly string[] {
  return [...everyItem(document)]
    .filter(({ item }) => sameConcept(nameOf(item), name))
    .map(({ item }) => textOf(item, 'TextValue') ?? textOf(item, 'UID') ?? '');
}

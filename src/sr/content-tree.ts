import { sameConcept, type CodedConcept } from '../dicom/code.js';
import { conceptOf, itemsOf, numbersOf, textOf, type DataSet } from '../dicom/data-set.js';

/** Reading of SR content trees (PS3.3 C.17.3). Codes are compared by value and scheme, never by meaning. */

export function childrenOf(item: DataSet): readonly DataSet[] {
  return itemsOf(item, 'ContentSequence');
}

export function nameOf(item: DataSet): CodedConcept | undefined {
  return conceptOf(item, 'ConceptNameCodeSequence');
}

export function valueTypeOf(item: DataSet): string {
  return textOf(item, 'ValueType') ?? '';
}

/** Children under one of these names. */
export function childrenNamed(item: DataSet, ...names: readonly CodedConcept[]): readonly DataSet[] {
  return childrenOf(item).filter((child) => names.some((name) => sameConcept(nameOf(child), name)));
}

/** Value of the first TEXT or UIDREF child under one of these names. */
export function textNamed(item: DataSet, ...names: readonly CodedConcept[]): string | undefined {
  return textsNamed(item, ...names)[0];
}

/** Values of the TEXT and UIDREF children under one of these names; line ends as \n. */
export function textsNamed(item: DataSet, ...names: readonly CodedConcept[]): readonly string[] {
  return childrenNamed(item, ...names)
    .map((child) => textOf(child, 'TextValue') ?? textOf(child, 'UID'))
    .filter((text) => text !== undefined)
    .map((text) => text.replace(/\r\n?/g, '\n'));
}

/** Value of the first CODE child under one of these names. */
export function codeNamed(item: DataSet, ...names: readonly CodedConcept[]): CodedConcept | undefined {
  const child = childrenNamed(item, ...names).find((one) => valueTypeOf(one) === 'CODE');
  return child && conceptOf(child, 'ConceptCodeSequence');
}

/** A NUM item's value and unit. */
export function measuredOf(item: DataSet): { readonly value: number; readonly unit: CodedConcept | undefined } | undefined {
  const measured = itemsOf(item, 'MeasuredValueSequence')[0];
  const value = measured && numbersOf(measured, 'NumericValue')[0];
  return value === undefined ? undefined : { value, unit: conceptOf(measured!, 'MeasurementUnitsCodeSequence') };
}

/** The item and everything below it, parents first, with a path to show where. */
export function* everyItem(
  item: DataSet,
  path = 'root',
): Generator<{ readonly item: DataSet; readonly path: string; readonly parent?: DataSet }> {
  yield { item, path };
  yield* below(item, path);
}

function* below(parent: DataSet, path: string): Generator<{ readonly item: DataSet; readonly path: string; readonly parent: DataSet }> {
  for (const [index, item] of childrenOf(parent).entries()) {
    const here = `${path}.${index + 1}`;
    yield { item, path: here, parent };
    yield* below(item, here);
  }
}

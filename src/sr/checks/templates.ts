import { sameConcept, type CodedConcept } from '../../dicom/code.js';
import { conceptOf, itemsOf, textOf, type DataSet } from '../../dicom/data-set.js';
import { codes } from '../codes.js';
import { childrenOf, measuredOf, nameOf, valueTypeOf } from '../content-tree.js';
import { groupTemplates, rootTemplates, type TemplateRow } from './template-rows.js';

/**
 * Whether the content tree follows the template that its root names (PS3.16): title, and of every row the relationship,
 * order, requirement type, value set and unit. As strict as PixelMed's DicomSRValidator in what it calls errors, and stricter:
 * an item of no row and none of our extensions is reported, and the order of rows counts everywhere.
 *
 * @returns one sentence for each item that is wrong, with its path and the row
 */
export function checkTemplate(document: DataSet): readonly string[] {
  const [template] = itemsOf(document, 'ContentTemplateSequence');
  const name =
    `${(template && textOf(template, 'MappingResource')) ?? ''} ${(template && textOf(template, 'TemplateIdentifier')) ?? ''}`.trim();
  const known = Object.hasOwn(rootTemplates, name) ? rootTemplates[name] : undefined;
  if (!known) return [`content item root: expected one of the templates ${Object.keys(rootTemplates).join(', ')}, found "${name}"`];
  const title = known.title.some((one) => sameConcept(one, nameOf(document)))
    ? []
    : [`content item root: expected the title ${named(known.title)} of template ${name}, found ${nameOf(document)?.value ?? 'none'}`];
  return [...title, ...checkChildren(document, known, 'root')];
}

interface Rows {
  readonly rows: readonly TemplateRow[];
  readonly optionalRows?: boolean;
}

function checkChildren(parent: DataSet, { rows, optionalRows = false }: Rows, path: string): readonly string[] {
  const children = childrenOf(parent).map((item, index) => ({ item, path: `${path}.${index + 1}` }));
  const wrong: string[] = [];
  const counts = new Map<TemplateRow, number>();
  let position = 0;
  for (const { item, path: here } of children) {
    const candidates = rows.filter((row) => matches(row, item));
    const byName = candidates.filter((one) => one.names !== undefined);
    const likely = byName.length > 0 ? byName : candidates;
    // The order decides where one name has two rows.
    const row = likely.find((one) => rows.indexOf(one) >= position) ?? likely[0];
    if (!row) {
      wrong.push(`content item ${here}: ${valueTypeOf(item)} ${nameOf(item)?.value ?? 'without a name'} is in no row of the template`);
      continue;
    }
    counts.set(row, (counts.get(row) ?? 0) + 1);
    wrong.push(...relationshipFaults(item, candidates, row).map((fault) => `content item ${here}: ${fault}`));
    // Rows of our own extension may alternate, a finding and its probability.
    const at = rows.indexOf(row);
    if (at < position && !(row.requirement === 'extension' && rows[position]?.requirement === 'extension'))
      wrong.push(`content item ${here}: ${row.row} stands after ${rows[position]!.row}`);
    position = Math.max(position, at);
    wrong.push(...valueFaults(item, row).map((fault) => `content item ${here}: ${fault}`));
    wrong.push(...checkChildren(item, rowsBelow(item, row), here));
  }
  for (const row of rows) {
    const count = counts.get(row) ?? 0;
    if (row.requirement === 'M' && count === 0 && !(optionalRows && children.length === 0))
      wrong.push(
        `content item ${path}: expected ${row.row} (${row.valueType} ${row.names ? named(row.names) : 'of any name'}), found none`,
      );
    if (count > (row.max ?? Infinity)) wrong.push(`content item ${path}: expected ${row.row} at most ${row.max} times, found ${count}`);
  }
  return wrong;
}

/**
 * One sentence for each item whose relationship is not that of its row. Where a row of a certain name and one of any name both
 * take an item and want different relationships, as TID 4019 in Qualitative Evaluations, every relationship is wrong.
 */
function relationshipFaults(item: DataSet, candidates: readonly TemplateRow[], row: TemplateRow): readonly string[] {
  const found = textOf(item, 'RelationshipType') ?? 'none';
  const disagreeing = candidates.find((one) => one.relationship !== found);
  return disagreeing && (disagreeing === row || (disagreeing.names === undefined && disagreeing.requirement !== 'extension'))
    ? [`${disagreeing.row}: incorrect relationship, expected ${disagreeing.relationship}, found ${found}`]
    : [];
}

function valueFaults(item: DataSet, row: TemplateRow): readonly string[] {
  const faults: string[] = [];
  const value = conceptOf(item, 'ConceptCodeSequence');
  if (row.values && !row.values.some((one) => sameConcept(one, value)))
    faults.push(`${row.row}: expected ${named(row.values)}, found ${value?.value ?? 'no code'}`);
  if (row.units && !row.units.some((one) => sameConcept(one, measuredOf(item)?.unit)))
    faults.push(`${row.row}: expected the unit ${named(row.units)}, found ${measuredOf(item)?.unit?.value ?? 'none'}`);
  return faults;
}

/** Those of the row; of a measurement group, those of the template that it names. */
function rowsBelow(item: DataSet, row: TemplateRow): Rows {
  if (!sameConcept(nameOf(item), codes.measurementGroup))
    return { rows: row.rows ?? [], ...(row.optionalRows ? { optionalRows: true } : {}) };
  const identifier =
    itemsOf(item, 'ContentTemplateSequence')
      .map((one) => textOf(one, 'TemplateIdentifier'))
      .find((one) => one !== undefined) ?? '1501';
  return { rows: groupTemplates[identifier] ?? groupTemplates['1501']! };
}

function matches({ valueType, names }: TemplateRow, item: DataSet): boolean {
  return valueTypeOf(item) === valueType && (names === undefined || names.some((one) => sameConcept(one, nameOf(item))));
}

function named(concepts: readonly CodedConcept[]): string {
  return concepts.map((one) => `${one.value} ${one.scheme}`).join(' or ');
}

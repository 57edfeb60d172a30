import { itemsOf, textOf, type DataSet } from '../../dicom/data-set.js';
import { everyItem, valueTypeOf, childrenOf } from '../content-tree.js';
import { readHierarchical } from '../references.js';

export interface ImageSize {
  readonly columns: number;
  readonly rows: number;
}

/** Evidence holds every image referred to (PS3.3 C.17.2.3); boxes are closed and lie on their image (C.18.6). */
export function checkReferences(document: DataSet, sizes: ReadonlyMap<string, ImageSize>): readonly string[] {
  const evidence = new Set(
    readHierarchical(document, 'CurrentRequestedProcedureEvidenceSequence').map((one) => one.sopInstanceUID as string),
  );
  return [...everyItem(document)].flatMap(({ item, path }) => {
    if (valueTypeOf(item) === 'IMAGE') return checkImage(item, evidence).map((wrong) => `content item ${path}: ${wrong}`);
    if (valueTypeOf(item) === 'SCOORD') return checkBox(item, sizes).map((wrong) => `content item ${path}: ${wrong}`);
    return [];
  });
}

function checkImage(item: DataSet, evidence: ReadonlySet<string>): readonly string[] {
  const uid = instanceOf(item);
  if (uid === undefined) return ['IMAGE refers to no instance'];
  return evidence.has(uid) ? [] : [`instance ${uid} is not in the evidence`];
}

function checkBox(item: DataSet, sizes: ReadonlyMap<string, ImageSize>): readonly string[] {
  const data = item['GraphicData'];
  const points = (Array.isArray(data) ? data : []).map(Number);
  const images = childrenOf(item).filter(
    (child) => valueTypeOf(child) === 'IMAGE' && textOf(child, 'RelationshipType') === 'SELECTED FROM',
  );
  if (textOf(item, 'GraphicType') !== 'POLYLINE' || points.length !== 10) return ['SCOORD: expected a POLYLINE of five points'];
  if (points[0] !== points[8] || points[1] !== points[9]) return ['SCOORD: expected a closed POLYLINE'];
  if (images.length !== 1) return [`SCOORD: expected one image that it is selected from, found ${images.length}`];
  const size = sizes.get(instanceOf(images[0]!) ?? '') ?? { columns: Infinity, rows: Infinity };
  const columns = points.filter((_, index) => index % 2 === 0);
  const rows = points.filter((_, index) => index % 2 === 1);
  const inside = within(columns, size.columns) && within(rows, size.rows);
  const hasArea = Math.max(...columns) > Math.min(...columns) && Math.max(...rows) > Math.min(...rows);
  return [...(inside ? [] : ['SCOORD: a point lies outside its image']), ...(hasArea ? [] : ['SCOORD: the box is empty'])];
}

function within(values: readonly number[], limit: number): boolean {
  return values.every((value) => value >= 0 && value <= limit);
}

function instanceOf(item: DataSet): string | undefined {
  const sop = itemsOf(item, 'ReferencedSOPSequence')[0];
  return sop && textOf(sop, 'ReferencedSOPInstanceUID');
}

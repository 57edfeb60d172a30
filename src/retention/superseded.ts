import { itemsOf, textOf, type DataSet } from '../dicom/data-set.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import { ownDocumentsIn, type OwnDocument, type OwnDocuments } from '../reporting/own-documents.js';
import { uidsOfReport } from '../reporting/uids-of-report.js';
import { isKeyObjectSelection, isRejection, selectedObjects } from '../sr/key-object-selection.js';
import { isOwnDocument } from '../sr/own-document.js';
import type { DocumentReference } from '../sr/report-content.js';

/** A document that a later one superseded long enough ago. */
export interface SupersededDocument {
  readonly kind: 'report' | 'heat-map';
  readonly reference: DocumentReference;
  readonly supersededAt: Date;
}

export interface RetentionTimes {
  readonly now: Date;
  /** Days; undefined: for ever. */
  readonly reportsDays: number | undefined;
  readonly heatMapsDays: number | undefined;
}

const dayMs = 86_400_000;

/**
 * Documents of this program in a study that may be removed, in the order in which they have to be removed: a report never before the
 * reports that it superseded, because these would otherwise count as current.
 *
 * Never removed: what is current, in the PACS or in the index; what an instance of somebody else names, such as a reader's assessment of
 * an earlier result or a key object selection; what a key object selection of this program names that no later one rejects; what was superseded at a time that no document states.
 *
 * @param instances metadata of the whole study
 * @param indexed SOP Instance UIDs of the documents of the current result in the index
 */
export function supersededDocuments(
  studyInstanceUID: StudyInstanceUID,
  instances: readonly DataSet[],
  indexed: ReadonlySet<string>,
  times: RetentionTimes,
): readonly SupersededDocument[] {
  const own = ownDocumentsIn(instances);
  const newest = latest(own.current.map((one) => one.report.createdAt));
  if (!newest) return [];
  const selections = instances.filter((one) => isOwnDocument(one) && isKeyObjectSelection(one));
  const rejected = new Set<string>(
    selections.filter(isRejection).flatMap((one) => selectedObjects(one).map((object) => object.sopInstanceUID)),
  );
  const inUse = selections.filter((one) => !isRejection(one) && !rejected.has(textOf(one, 'SOPInstanceUID') ?? ''));
  const named = new Set([...instances.filter((one) => !isOwnDocument(one)), ...inUse].flatMap(referencedIn));
  const isKept = ({ sopInstanceUID }: DocumentReference): boolean => indexed.has(sopInstanceUID) || named.has(sopInstanceUID);
  return [...removableReports(own, isKept, times), ...removableHeatMaps(studyInstanceUID, own, newest, isKept, times)];
}

function removableReports(
  own: OwnDocuments,
  isKept: (reference: DocumentReference) => boolean,
  { now, reportsDays }: RetentionTimes,
): readonly SupersededDocument[] {
  const current = new Set(own.current);
  const candidates = own.all
    .filter((one) => !current.has(one) && !isKept(one.reference))
    .flatMap((one) => {
      const supersededAt = supersededAtOf(one, own);
      return isOver(supersededAt, reportsDays, now) ? [{ one, supersededAt }] : [];
    });
  const present = new Set<string>(own.all.map((one) => one.reference.sopInstanceUID));
  const removable: SupersededDocument[] = [];
  for (let left = candidates; ; ) {
    // Those of which no predecessor remains.
    const next = left.filter(({ one }) => one.report.predecessors.every(({ sopInstanceUID }) => !present.has(sopInstanceUID)));
    if (next.length === 0) return removable;
    for (const { one, supersededAt } of next) {
      removable.push({ kind: 'report', reference: one.reference, supersededAt });
      present.delete(one.reference.sopInstanceUID);
    }
    left = left.filter((one) => !next.includes(one));
  }
}

/** A heat map is superseded with its report. Where that is no longer there, it counts as superseded by the newest one, which is later. */
function removableHeatMaps(
  studyInstanceUID: StudyInstanceUID,
  own: OwnDocuments,
  newest: Date,
  isKept: (reference: DocumentReference) => boolean,
  { now, heatMapsDays }: RetentionTimes,
): readonly SupersededDocument[] {
  const texts = own.all.filter((one) => one.kind === 'text');
  const reportOf = new Map<string, OwnDocument>(texts.map((one) => [uidsOfReport(studyInstanceUID, one).heatMap.series, one]));
  return own.heatMaps.flatMap(({ reference, createdAt }) => {
    const report = reportOf.get(reference.seriesInstanceUID);
    if (isKept(reference) || !createdAt || (report && own.current.includes(report))) return [];
    const supersededAt = report ? supersededAtOf(report, own) : newest;
    // Heat maps are stored before their report: a new one has no report yet.
    return isOver(createdAt, heatMapsDays, now) && isOver(supersededAt, heatMapsDays, now)
      ? [{ kind: 'heat-map' as const, reference, supersededAt }]
      : [];
  });
}

/** When the first report that names it as its predecessor was made; undefined if one of them does not state it. */
function supersededAtOf({ reference }: OwnDocument, own: OwnDocuments): Date | undefined {
  const times = own.all
    .filter((one) => one.report.predecessors.some(({ sopInstanceUID }) => sopInstanceUID === reference.sopInstanceUID))
    .map((one) => one.report.createdAt?.getTime() ?? NaN);
  const first = Math.min(...times);
  return Number.isFinite(first) ? new Date(first) : undefined;
}

function isOver(since: Date | undefined, days: number | undefined, now: Date): since is Date {
  return since !== undefined && days !== undefined && now.getTime() - since.getTime() >= days * dayMs;
}

function latest(times: readonly (Date | undefined)[]): Date | undefined {
  const known = times.flatMap((one) => (one ? [one.getTime()] : []));
  return known.length > 0 ? new Date(Math.max(...known)) : undefined;
}

/** Referenced SOP Instance UIDs at any depth. */
function referencedIn(dataSet: DataSet): readonly string[] {
  return Object.keys(dataSet).flatMap((keyword) => {
    if (keyword === 'ReferencedSOPInstanceUID') return [textOf(dataSet, keyword) ?? ''];
    const value = dataSet[keyword];
    return Array.isArray(value) && value.some((one) => typeof one === 'object') ? itemsOf(dataSet, keyword).flatMap(referencedIn) : [];
  });
}

import { createHash } from 'node:crypto';
import { textOf, type DataSet } from '../dicom/data-set.js';
import { derivedUid, type SeriesInstanceUID, type SOPInstanceUID, type StudyInstanceUID } from '../dicom/uid.js';
import type { DocumentReference } from '../sr/report-content.js';

/** Raised when the same result would be written differently, so that the new form is a new document. */
const documentForm = '1';

/** What makes two results the same result: a repeat of it names the same documents. */
export interface ResultIdentity {
  readonly studyInstanceUID: StudyInstanceUID;
  /** Outcome and its code, e.g. `reported`, `skipped/lateral-only`. */
  readonly outcome: string;
  readonly inputKey: string;
  readonly deviceUID: string;
  /** Without them, returning to earlier images would name the superseded document again. */
  readonly predecessors: readonly DocumentReference[];
}

export interface DocumentUids {
  readonly resultId: string;
  readonly text: { readonly series: SeriesInstanceUID; readonly instance: SOPInstanceUID };
  readonly measurement: { readonly series: SeriesInstanceUID; readonly instance: SOPInstanceUID };
  /** One series, with an instance for each finding (see heatMapUid). */
  readonly heatMap: { readonly series: SeriesInstanceUID };
}

export function documentUids(identity: ResultIdentity): DocumentUids {
  const parts = [
    documentForm,
    identity.studyInstanceUID,
    identity.outcome,
    identity.inputKey,
    identity.deviceUID,
    ...identity.predecessors.map((one) => one.sopInstanceUID).sort(),
  ];
  const uids = (kind: string): { series: SeriesInstanceUID; instance: SOPInstanceUID } => ({
    series: derivedUid<SeriesInstanceUID>(kind, 'series', ...parts),
    instance: derivedUid<SOPInstanceUID>(kind, 'instance', ...parts),
  });
  return {
    resultId: derivedUid('result', ...parts),
    text: uids('text'),
    measurement: uids('measurement'),
    heatMap: { series: uids('heat map').series },
  };
}

/** Of the heat map of one finding. */
export function heatMapUid({ heatMap }: DocumentUids, findingName: string): SOPInstanceUID {
  return derivedUid<SOPInstanceUID>('heat map', 'instance', heatMap.series, findingName);
}

/**
 * One short key for a set of instances, whatever their order.
 *
 * @param digests of their bytes, by SOP Instance UID: with them another file under the same UID gives another key
 */
export function inputKeyOf(instances: readonly DataSet[], digests: ReadonlyMap<string, string> = new Map()): string {
  const names = instances
    .map((instance) => {
      const uid = textOf(instance, 'SOPInstanceUID') ?? '';
      const digest = digests.get(uid);
      return digest === undefined ? uid : `${uid} ${digest}`;
    })
    .sort();
  return createHash('sha256').update(names.join('|')).digest('hex').slice(0, 32);
}

/** "+0100", as Timezone Offset From UTC (0008,0201) has it, of the clock's own zone at that time. */
export function timezoneOffsetOf(time: Date): string {
  const minutes = -time.getTimezoneOffset();
  const absolute = Math.abs(minutes);
  const digits = `${String(Math.floor(absolute / 60)).padStart(2, '0')}${String(absolute % 60).padStart(2, '0')}`;
  return `${minutes < 0 ? '-' : '+'}${digits}`;
}

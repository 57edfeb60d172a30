import { createHash } from 'node:crypto';
import { textOf, type DataSet } from '../dicom/data-set.js';
import { writePart10 } from '../dicom/part10.js';
import { derivedUid, type SeriesInstanceUID, type SOPInstanceUID, type StudyInstanceUID } from '../dicom/uid.js';
import type { RegionTemplate } from '../sr/document-profile.js';
import { measurementReport } from '../sr/measurement-report.js';
import type { DocumentReference, ReportContent } from '../sr/report-content.js';
import { textReport } from '../sr/text-report.js';

/** Releases before 0.3 derived UIDs from study, outcome, images, model and predecessors alone; their documents are found by those UIDs. */
const formWithoutContent = '1';
const documentForm = '2';

/** What makes two results the same result: a repetition gives its documents the same UIDs. */
export interface ResultIdentity {
  readonly studyInstanceUID: StudyInstanceUID;
  /** Outcome and its code, e.g. `reported`, `skipped/lateral-only`. */
  readonly outcome: string;
  readonly inputKey: string;
  /** The Device UID of the model; of several models their key (modelKeyOf). */
  readonly deviceUID: string;
  /** Without them, returning to earlier images would name the superseded document again. */
  readonly predecessors: readonly DocumentReference[];
  /** contentDigest of its documents; absent where there is none, and in documents of releases before 0.3. */
  readonly content?: string | undefined;
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
    identity.content === undefined ? formWithoutContent : documentForm,
    identity.studyInstanceUID,
    identity.outcome,
    identity.inputKey,
    identity.deviceUID,
    ...(identity.content === undefined ? [] : [identity.content]),
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

/** Of the heat map of one finding. @param deviceUID of its model, where another model decided on the same finding */
export function heatMapUid({ heatMap }: DocumentUids, findingName: string, deviceUID?: string): SOPInstanceUID {
  return derivedUid<SOPInstanceUID>('heat map', 'instance', heatMap.series, findingName, ...(deviceUID === undefined ? [] : [deviceUID]));
}

/**
 * One short key for everything that the documents of a result state, but their own UIDs and the moment: another engine,
 * threshold, rule, procedure or patient's name makes other documents, and one SOP Instance UID never names two contents.
 *
 * @param moment also part of it, for documents that are written as files: no earlier one exists that could be adopted
 */
export function contentDigest(content: ReportContent, regionTemplate: RegionTemplate, moment?: Date): string {
  const nameless = {
    ...content,
    createdAt: new Date(0),
    seriesInstanceUID: '2.25.0' as SeriesInstanceUID,
    sopInstanceUID: '2.25.0' as SOPInstanceUID,
  };
  const hash = createHash('sha256')
    .update(writePart10(textReport(nameless)))
    .update(writePart10(measurementReport(nameless, regionTemplate)));
  if (moment) hash.update(moment.toISOString());
  return hash.digest('hex').slice(0, 32);
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

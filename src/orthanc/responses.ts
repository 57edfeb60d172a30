import { z } from 'zod';
import { withoutPadding } from '../dicom/padding.js';
import { quotedUid, type SeriesInstanceUID, type SOPInstanceUID, type StudyInstanceUID } from '../dicom/uid.js';
import { isOrthancId, type OrthancId } from './orthanc-id.js';

/** What Orthanc 1.10 to 1.12 answers, as far as we read it; further keys are ignored. */

const orthancId = z.custom<OrthancId>((value) => typeof value === 'string' && isOrthancId(value));

/** Any text of a sender, or nothing: one such study must not make an answer about many unreadable. */
const quotedUidText = z
  .string()
  .default('')
  .transform((text) => quotedUid(withoutPadding(text)));

export interface OrthancSystem {
  readonly version: string;
  readonly name: string;
  readonly dicomAet: string;
  readonly dicomPort: number;
  readonly pluginsEnabled: boolean;
  /** Setting ReadOnly (1.12.5 and later): nothing can be stored. */
  readonly isReadOnly: boolean;
}

export const systemResponse = z
  .object({
    Version: z.string(),
    Name: z.string().default(''),
    DicomAet: z.string(),
    DicomPort: z.number(),
    PluginsEnabled: z.boolean(),
    ReadOnly: z.boolean().default(false),
  })
  .transform(
    (response): OrthancSystem => ({
      version: response.Version,
      name: response.Name,
      dicomAet: response.DicomAet,
      dicomPort: response.DicomPort,
      pluginsEnabled: response.PluginsEnabled,
      isReadOnly: response.ReadOnly,
    }),
  );

export type ResourceType = 'Patient' | 'Study' | 'Series' | 'Instance';

export interface OrthancChange {
  /** Rises for ever, through restarts too; deleted resources leave gaps. */
  readonly seq: number;
  /** NewInstance, NewSeries, NewStudy, StableSeries, StableStudy, UpdatedMetadata, Deleted, … */
  readonly type: string;
  readonly resourceType: ResourceType;
  readonly id: OrthancId;
  /** "20261129T101427", UTC. */
  readonly date: string;
}

export interface OrthancChanges {
  readonly changes: readonly OrthancChange[];
  /** Where the next request continues. */
  readonly last: number;
  /** No further changes at this moment. */
  readonly done: boolean;
}

export const changesResponse = z
  .object({
    Changes: z.array(
      z.object({
        Seq: z.number(),
        ChangeType: z.string(),
        ResourceType: z.enum(['Patient', 'Study', 'Series', 'Instance']),
        ID: orthancId,
        Date: z.string().default(''),
      }),
    ),
    Last: z.number(),
    Done: z.boolean(),
  })
  .transform(
    (response): OrthancChanges => ({
      changes: response.Changes.map((change) => ({
        seq: change.Seq,
        type: change.ChangeType,
        resourceType: change.ResourceType,
        id: change.ID,
        date: change.Date,
      })),
      last: response.Last,
      done: response.Done,
    }),
  );

export interface OrthancStudy {
  readonly id: OrthancId;
  /** See quotedUid for one that no request can name. */
  readonly studyInstanceUID: StudyInstanceUID;
  /** No image for StableAge seconds. Does not mean that the study is complete, and is true at once after a restart. */
  readonly isStable: boolean;
  /** Orthanc writes UTC whatever its time zone (tried on 1.10.1). */
  readonly lastUpdate: Date | undefined;
  readonly seriesIds: readonly OrthancId[];
}

export const studyResponse = z
  .object({
    ID: orthancId,
    MainDicomTags: z.object({ StudyInstanceUID: quotedUidText }).loose(),
    IsStable: z.boolean().default(true),
    LastUpdate: z.string().optional(),
    Series: z.array(orthancId),
  })
  .transform(
    (response): OrthancStudy => ({
      id: response.ID,
      studyInstanceUID: response.MainDicomTags.StudyInstanceUID as StudyInstanceUID,
      isStable: response.IsStable,
      lastUpdate: utcDate(response.LastUpdate),
      seriesIds: response.Series,
    }),
  );

export interface OrthancPatient {
  readonly patientId: string;
  readonly studyIds: readonly OrthancId[];
}

export const patientResponse = z
  .object({ MainDicomTags: z.looseObject({ PatientID: z.string().default('') }), Studies: z.array(orthancId) })
  .transform((response): OrthancPatient => ({ patientId: withoutPadding(response.MainDicomTags.PatientID), studyIds: response.Studies }));

export interface OrthancSeries {
  readonly id: OrthancId;
  readonly studyId: OrthancId;
  readonly seriesInstanceUID: SeriesInstanceUID;
  readonly instanceIds: readonly OrthancId[];
  /** Modality, BodyPartExamined, SeriesDescription, StationName, … under their keywords. */
  readonly mainAttributes: Readonly<Record<string, string>>;
}

/** A study as a list of all of them shows it. */
export interface ListedStudy {
  readonly studyInstanceUID: StudyInstanceUID;
  /** DA, as its sender wrote it; '' if there is none. */
  readonly studyDate: string;
}

export const listedStudiesResponse = z.array(
  z.object({ MainDicomTags: z.looseObject({ StudyInstanceUID: quotedUidText, StudyDate: z.string().default('') }) }).transform(
    (response): ListedStudy => ({
      studyInstanceUID: response.MainDicomTags.StudyInstanceUID as StudyInstanceUID,
      studyDate: withoutPadding(response.MainDicomTags.StudyDate),
    }),
  ),
);

export const statisticsResponse = z.object({ CountStudies: z.number() });

export const studyStatisticsResponse = z.object({ CountInstances: z.number() });

export const seriesResponse = z.array(
  z
    .object({
      ID: orthancId,
      MainDicomTags: z.looseObject({ SeriesInstanceUID: quotedUidText }),
      Instances: z.array(orthancId),
      ParentStudy: orthancId,
    })
    .transform(
      (response): OrthancSeries => ({
        id: response.ID,
        studyId: response.ParentStudy,
        seriesInstanceUID: response.MainDicomTags.SeriesInstanceUID as SeriesInstanceUID,
        instanceIds: response.Instances,
        mainAttributes: Object.fromEntries(
          Object.entries(response.MainDicomTags).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
        ),
      }),
    ),
);

export interface OrthancInstance {
  readonly id: OrthancId;
  readonly sopInstanceUID: SOPInstanceUID;
  /** Names the stored file: another after the instance was overwritten, or deleted and sent again. */
  readonly fileUuid: string;
}

export const instancesResponse = z.array(
  z.object({ ID: orthancId, FileUuid: z.string().default(''), MainDicomTags: z.looseObject({ SOPInstanceUID: z.string() }) }).transform(
    (response): OrthancInstance => ({
      id: response.ID,
      sopInstanceUID: response.MainDicomTags.SOPInstanceUID as SOPInstanceUID,
      fileUuid: response.FileUuid,
    }),
  ),
);

/** How an instance came in. Empty for what came before Orthanc 1.4 or from a plugin that does not state it. */
export interface InstanceArrival {
  /** The sender's application entity title, for C-STORE. */
  readonly remoteAet: string | undefined;
  /** The title that the sender called us by: hospitals route by it. */
  readonly calledAet: string | undefined;
  /** DicomProtocol, RestApi (STOW-RS too), Plugins, Lua. */
  readonly origin: string | undefined;
}

export const arrivalResponse = z
  .object({ RemoteAET: z.string().optional(), CalledAET: z.string().optional(), Origin: z.string().optional() })
  .transform(
    (response): InstanceArrival => ({
      remoteAet: response.RemoteAET?.trim() || undefined,
      calledAet: response.CalledAET?.trim() || undefined,
      origin: response.Origin || undefined,
    }),
  );

export const lookupResponse = z.array(z.object({ ID: orthancId, Type: z.string() }));
export const studiesResponse = z.array(studyResponse);

/** Labels of studies. */
export const labelledResponse = z.array(
  z
    .object({ ID: orthancId, Labels: z.array(z.string()).default([]) })
    .transform((response) => ({ id: response.ID, labels: response.Labels as readonly string[] })),
);
export const namesResponse = z.array(z.string());
export const pluginResponse = z.object({ Version: z.string(), RootUri: z.string().optional() });

/** "20261123T042245" */
function utcDate(text: string | undefined): Date | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)/.exec(text ?? '');
  return parts ? new Date(`${parts[1]}-${parts[2]}-${parts[3]}T${parts[4]}:${parts[5]}:${parts[6]}Z`) : undefined;
}

/** "mainline" and other names are builds of today. */
export function hasLabels(version: string): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  return major === undefined || Number(major) > 1 || Number(minor) >= 12;
}

/** `/modalities?expand`. */
export const titlesResponse = z
  .record(z.string(), z.object({ AET: z.string() }))
  .transform((modalities) => Object.entries(modalities).map(([name, { AET: aet }]) => ({ name, aet })));

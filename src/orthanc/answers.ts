import { z } from 'zod';
import { withoutPadding } from '../dicom/padding.js';
import { quotedUid, type SeriesInstanceUID, type SOPInstanceUID, type StudyInstanceUID } from '../dicom/uid.js';
import { isOrthancId, type OrthancId } from './orthanc-id.js';

/** What Orthanc 1.10 to 1.12 answers, as far as we read it; further keys are none of our business. */

const orthancId = z.custom<OrthancId>((value) => typeof value === 'string' && isOrthancId(value));

/** Whatever a sender wrote there, or nothing at all: one such study must not spoil an answer about many. */
const heldUid = z
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

export const systemAnswer = z
  .object({
    Version: z.string(),
    Name: z.string().default(''),
    DicomAet: z.string(),
    DicomPort: z.number(),
    PluginsEnabled: z.boolean(),
    ReadOnly: z.boolean().default(false),
  })
  .transform(
    (answer): OrthancSystem => ({
      version: answer.Version,
      name: answer.Name,
      dicomAet: answer.DicomAet,
      dicomPort: answer.DicomPort,
      pluginsEnabled: answer.PluginsEnabled,
      isReadOnly: answer.ReadOnly,
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

export const changesAnswer = z
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
    (answer): OrthancChanges => ({
      changes: answer.Changes.map((change) => ({
        seq: change.Seq,
        type: change.ChangeType,
        resourceType: change.ResourceType,
        id: change.ID,
        date: change.Date,
      })),
      last: answer.Last,
      done: answer.Done,
    }),
  );

export interface OrthancStudy {
  readonly id: OrthancId;
  /** See quotedUid for one that no request can name. */
  readonly studyInstanceUID: StudyInstanceUID;
  /** No image for StableAge seconds. Says nothing about completeness, and is true at once after a restart. */
  readonly isStable: boolean;
  /** Orthanc writes UTC whatever its time zone (tried on 1.10.1). */
  readonly lastUpdate: Date | undefined;
  readonly seriesIds: readonly OrthancId[];
}

export const studyAnswer = z
  .object({
    ID: orthancId,
    MainDicomTags: z.object({ StudyInstanceUID: heldUid }).loose(),
    IsStable: z.boolean().default(true),
    LastUpdate: z.string().optional(),
    Series: z.array(orthancId),
  })
  .transform(
    (answer): OrthancStudy => ({
      id: answer.ID,
      studyInstanceUID: answer.MainDicomTags.StudyInstanceUID as StudyInstanceUID,
      isStable: answer.IsStable,
      lastUpdate: utcDate(answer.LastUpdate),
      seriesIds: answer.Series,
    }),
  );

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

export const listedStudiesAnswer = z.array(
  z.object({ MainDicomTags: z.looseObject({ StudyInstanceUID: heldUid, StudyDate: z.string().default('') }) }).transform(
    (answer): ListedStudy => ({
      studyInstanceUID: answer.MainDicomTags.StudyInstanceUID as StudyInstanceUID,
      studyDate: withoutPadding(answer.MainDicomTags.StudyDate),
    }),
  ),
);

export const statisticsAnswer = z.object({ CountStudies: z.number() });

export const seriesAnswer = z.array(
  z
    .object({
      ID: orthancId,
      MainDicomTags: z.looseObject({ SeriesInstanceUID: heldUid }),
      Instances: z.array(orthancId),
      ParentStudy: orthancId,
    })
    .transform(
      (answer): OrthancSeries => ({
        id: answer.ID,
        studyId: answer.ParentStudy,
        seriesInstanceUID: answer.MainDicomTags.SeriesInstanceUID as SeriesInstanceUID,
        instanceIds: answer.Instances,
        mainAttributes: Object.fromEntries(
          Object.entries(answer.MainDicomTags).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
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

export const instancesAnswer = z.array(
  z.object({ ID: orthancId, FileUuid: z.string().default(''), MainDicomTags: z.looseObject({ SOPInstanceUID: z.string() }) }).transform(
    (answer): OrthancInstance => ({
      id: answer.ID,
      sopInstanceUID: answer.MainDicomTags.SOPInstanceUID as SOPInstanceUID,
      fileUuid: answer.FileUuid,
    }),
  ),
);

/** How an instance came in. Empty for what came before Orthanc 1.4 or from a plugin that does not say. */
export interface Arrival {
  /** The sender's application entity title, for C-STORE. */
  readonly remoteAet: string | undefined;
  /** The title that the sender called us by: hospitals route by it. */
  readonly calledAet: string | undefined;
  /** DicomProtocol, RestApi (STOW-RS too), Plugins, Lua. */
  readonly origin: string | undefined;
}

export const arrivalAnswer = z
  .object({ RemoteAET: z.string().optional(), CalledAET: z.string().optional(), Origin: z.string().optional() })
  .transform(
    (answer): Arrival => ({
      remoteAet: answer.RemoteAET?.trim() || undefined,
      calledAet: answer.CalledAET?.trim() || undefined,
      origin: answer.Origin || undefined,
    }),
  );

export const lookupAnswer = z.array(z.object({ ID: orthancId, Type: z.string() }));
export const studiesAnswer = z.array(studyAnswer);
export const namesAnswer = z.array(z.string());
export const anyAnswer = z.unknown();
export const pluginAnswer = z.object({ Version: z.string(), RootUri: z.string().optional() });

/** "20261123T042245" */
function utcDate(text: string | undefined): Date | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)/.exec(text ?? '');
  return parts ? new Date(`${parts[1]}-${parts[2]}-${parts[3]}T${parts[4]}:${parts[5]}:${parts[6]}Z`) : undefined;
}

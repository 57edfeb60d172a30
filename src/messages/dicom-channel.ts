import type { DicomChannelSettings, StorageCommitmentSettings } from '../config.js';
import { textOf, type DataSet } from '../dicom/data-set.js';
import { writePart10 } from '../dicom/part10.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import { referenceTo } from '../reporting/image-reference.js';
import type { Destinations, Pacs, SendOutcome } from '../reporting/ports.js';
import { isRejection } from '../sr/key-object-selection.js';
import { isAboutStudy } from '../sr/own-document.js';
import type { DocumentReference } from '../sr/report-content.js';
import { keyObjectsOf, studyNow, type StudyNow } from './key-objects.js';
import type { Channel, ResultMessage } from './ports.js';

/** The PACS, through which this channel stores and sends. */
export interface DicomChannelPorts {
  readonly pacs: Pick<Pacs, 'retrieveStudyMetadata' | 'storeInstances' | 'content'>;
  destinations(settings: StorageCommitmentSettings): Pick<Destinations, 'instanceIdsOf' | 'sendTo'>;
  /** C-ECHO. @throws Fault `destination-unavailable`, `destination-unknown` */
  echo(modality: string): Promise<void>;
  /** Of Orthanc. */
  version(): Promise<string>;
  /** Series Number (0020,0011) of the selections. */
  readonly seriesNumber: number;
}

/**
 * Key Object Selections: each message becomes a document in the study that names the images on which the selected findings show, and is
 * sent to a modality by C-STORE. A correction rejects the selections before it.
 *
 * @param ports called at each message: the PACS is opened after the channels
 */
export function dicomChannel(name: string, settings: DicomChannelSettings, ports: () => DicomChannelPorts): Channel {
  return {
    name,
    kind: 'dicom',
    async send(message, signal) {
      const { pacs, destinations, seriesNumber } = ports();
      if (message.isTest) return await reach(settings, ports());
      const study = await studyNow(message, name, pacs);
      const wanted = keyObjectsOf(message, study, name, seriesNumber);
      await store(wanted, study, pacs);
      const sent = await deliver([...wanted.map(referenceTo)], message, study, settings, destinations(settings), signal);
      return describe(wanted, settings, sent);
    },
    reach: () => reach(settings, ports()),
  };
}

async function reach({ modality }: DicomChannelSettings, { echo, version }: DicomChannelPorts): Promise<string> {
  if (modality === undefined) return `Orthanc ${await version()}`;
  await echo(modality).catch(asChannelFault);
  return `C-ECHO answered by ${modality}`;
}

/** @throws Fault `study-changed` if the images were deleted meanwhile; what was just stored is removed again */
async function store(
  wanted: readonly DataSet[],
  { instances }: StudyNow,
  { storeInstances, content }: DicomChannelPorts['pacs'],
): Promise<void> {
  const fresh = wanted.filter((one) => !instances.includes(one));
  if (fresh.length === 0) return;
  await storeInstances(fresh.map((one) => writePart10(one)));
  const studyInstanceUID = textOf(fresh[0]!, 'StudyInstanceUID') as StudyInstanceUID;
  const now = await content?.storedFiles(studyInstanceUID);
  const images = instances.filter((one) => !isAboutStudy(one)).map((one) => textOf(one, 'SOPInstanceUID') ?? '');
  if (!now || images.some((uid) => now.has(uid))) return;
  await content?.removeDocuments(fresh.map(referenceTo));
  throw new Fault('study-changed', 'expected the images that the result rests on, found that they were deleted meanwhile', {
    studyInstanceUID,
  });
}

async function deliver(
  documents: readonly DocumentReference[],
  { result }: ResultMessage,
  { report, instances }: StudyNow,
  { modality, include }: DicomChannelSettings,
  destinations: Destinations,
  signal: AbortSignal,
): Promise<SendOutcome | undefined> {
  if (modality === undefined || documents.length === 0) return undefined;
  const there = new Set(instances.map((one) => textOf(one, 'SOPInstanceUID')));
  const images = include.includes('images') ? (report?.report.evidence ?? []).filter((one) => there.has(one.sopInstanceUID)) : [];
  const reports = include.includes('documents') ? result.documents : [];
  const uids = [...images, ...reports, ...documents].map(({ sopInstanceUID }) => sopInstanceUID as string);
  const ids = await destinations.instanceIdsOf([...new Set(uids)]);
  return await destinations.sendTo.modality(modality, ids, signal).catch(asChannelFault);
}

/** A modality is down or answers "no": the message waits for it as for every receiver. */
function asChannelFault(error: unknown): never {
  if (error instanceof Fault && error.code === 'destination-unavailable')
    throw new Fault('channel-unavailable', error.detail, {}, { cause: error });
  throw error;
}

function describe(wanted: readonly DataSet[], { modality }: DicomChannelSettings, sent: SendOutcome | undefined): string | undefined {
  if (wanted.length === 0) return undefined;
  const selection = wanted.at(-1)!;
  const where = modality === undefined ? '' : `, ${modality}: ${sent === 'storage-committed' ? 'storage committed' : 'stored'}`;
  return `${isRejection(selection) ? 'withdrawal' : 'selection'} ${textOf(selection, 'SOPInstanceUID')}${where}`;
}

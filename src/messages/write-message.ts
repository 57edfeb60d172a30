import { textOf, type DataSet } from '../dicom/data-set.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import { ownDocumentsIn, type OwnDocuments } from '../reporting/own-documents.js';
import { isAboutStudy } from '../sr/own-document.js';
import type { DocumentReference } from '../sr/report-content.js';
import type { MessageRow } from '../store/messages.js';
import type { ResultRow } from '../store/results.js';
import type { RecordedFinding } from '../store/schema.js';
import type { MessageFinding, MessageModel, ResultMessage, WritePorts } from './ports.js';
import { studyOfImage } from './study-attributes.js';

const modalities = ['CR', 'DX', 'CT'];

/**
 * The message about a result, with what the images in the PACS state at this moment of study and patient.
 *
 * @returns undefined if the PACS no longer contains the study
 * @throws Fault of the PACS
 */
export async function writeMessage(row: MessageRow, result: ResultRow, ports: WritePorts): Promise<ResultMessage | undefined> {
  const instances = await metadataOf(result.studyInstanceUID, ports);
  const images = instances.filter((one) => !isAboutStudy(one));
  if (images.length === 0) return undefined;
  const own = ownDocumentsIn(instances);
  const uids = new Set<string>(result.documents.map(({ sopInstanceUID }) => sopInstanceUID));
  const report = own.all.find(({ kind, reference }) => kind === 'text' && uids.has(reference.sopInstanceUID))?.report;
  const allowed = ports.settings.channels.find(({ name }) => name === row.channel)?.patient ?? [];
  const image = analysedImage(images, report?.evidence ?? []);
  return {
    messageId: row.messageId,
    isTest: false,
    writtenAt: row.plannedAt,
    study: studyOfImage(image, result.studyInstanceUID, allowed, ports),
    result: {
      resultId: result.resultId,
      createdAt: result.createdAt,
      outcome: result.outcome,
      ...(result.reason === null ? {} : { reason: result.reason }),
      isCorrection: row.isCorrection,
      findings: findingsOf(result.findings, row.findings, ports),
      documents: referencesTo(own, uids),
      model: modelOf(report?.algorithm, ports),
    },
    ...(ports.publicUrl === undefined
      ? {}
      : { pageUrl: new URL(`/study/${encodeURIComponent(result.studyInstanceUID)}`, ports.publicUrl).href }),
  };
}

async function metadataOf(studyInstanceUID: string, { pacs }: WritePorts): Promise<readonly DataSet[]> {
  try {
    return await pacs.retrieveStudyMetadata(studyInstanceUID as StudyInstanceUID);
  } catch (error) {
    if (error instanceof Fault && error.code === 'pacs-not-found') return [];
    throw error;
  }
}

/** An image that the result rests on, else one that could have been analysed, else any. */
function analysedImage(images: readonly DataSet[], evidence: readonly DocumentReference[]): DataSet {
  const uids = new Set<string>(evidence.map(({ sopInstanceUID }) => sopInstanceUID));
  return (
    images.find((one) => uids.has(textOf(one, 'SOPInstanceUID') ?? '')) ??
    images.find((one) => modalities.includes(textOf(one, 'Modality') ?? '')) ??
    images[0]!
  );
}

/** Those that the rules select come first. */
function findingsOf(findings: readonly RecordedFinding[], selected: readonly string[], { termsOf }: WritePorts): readonly MessageFinding[] {
  const ordered = [...findings].sort((one, other) => Number(selected.includes(other.name)) - Number(selected.includes(one.name)));
  return ordered.map(({ name, code, scheme, meaning, probability, decision, modelVersion }) => {
    const terms = termsOf(name);
    return {
      name,
      concept: { value: code, scheme, meaning },
      ...(terms?.site ? { site: terms.site } : {}),
      wording: terms?.wording ?? `appearance compatible with ${meaning.toLowerCase()}`,
      probability,
      decision,
      ...(modelVersion === undefined ? {} : { modelVersion }),
    };
  });
}

function referencesTo({ all, heatMaps }: OwnDocuments, uids: ReadonlySet<string>): readonly DocumentReference[] {
  return [...all, ...heatMaps].map(({ reference }) => reference).filter(({ sopInstanceUID }) => uids.has(sopInstanceUID));
}

/** The model that the document names; a result without a document names the deployed one. */
function modelOf(
  algorithm:
    | { readonly manufacturer: string; readonly name: string; readonly serialNumber: string; readonly deviceUID: string }
    | undefined,
  { model }: WritePorts,
): MessageModel {
  if (algorithm)
    return { manufacturer: algorithm.manufacturer, name: algorithm.name, version: algorithm.serialNumber, deviceUID: algorithm.deviceUID };
  const { manufacturer, name, version, deviceUID } = model();
  return { manufacturer, name, version, deviceUID };
}

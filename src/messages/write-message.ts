import { publicAddress } from '../lib/public-address.js';
import { sameConcept } from '../dicom/code.js';
import { textOf, type DataSet } from '../dicom/data-set.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import { compareWithPrior } from '../reporting/compare-with-prior.js';
import { priorIfFound } from '../reporting/prior-result.js';
import { ownDocumentsIn, type OwnDocuments } from '../reporting/own-documents.js';
import { isAboutStudy } from '../sr/own-document.js';
import type { ReadFinding } from '../sr/read-report.js';
import type { DocumentReference, PriorComparison } from '../sr/report-content.js';
import type { MessageRow } from '../store/messages.js';
import type { ResultRow } from '../store/results.js';
import type { RecordedFinding } from '../store/schema.js';
import type { MessageFinding, MessageModel, ResultMessage, WritePorts } from './ports.js';
import { studyOfImage } from './study-attributes.js';

/** Modality by SOP Class of the images that are analysed (PS3.4 B.5). */
const modalities: Readonly<Record<string, string>> = {
  '1.2.840.10008.5.1.4.1.1.1': 'CR',
  '1.2.840.10008.5.1.4.1.1.1.1': 'DX',
  '1.2.840.10008.5.1.4.1.1.2': 'CT',
  '1.2.840.10008.5.1.4.1.1.2.1': 'CT',
};

/** Of its row in the index. */
export type MessageToWrite = Pick<MessageRow, 'messageId' | 'channel' | 'plannedAt' | 'isCorrection' | 'findings'>;

/**
 * The message about a result, with what the images in the PACS state at this moment of study and patient.
 *
 * @returns undefined if the PACS no longer contains the study
 * @throws Fault of the PACS
 */
export async function writeMessage(row: MessageToWrite, result: ResultRow, ports: WritePorts): Promise<ResultMessage | undefined> {
  const instances = await metadataOf(result.studyInstanceUID, ports);
  if (instances.length === 0) return undefined;
  const own = ownDocumentsIn(instances);
  const uids = new Set<string>(result.documents.map(({ sopInstanceUID }) => sopInstanceUID));
  const report = own.all.find(({ kind, reference }) => kind === 'text' && uids.has(reference.sopInstanceUID))?.report;
  const allowed = ports.settings.channels.find(({ name }) => name === row.channel)?.patient ?? [];
  const image = analysedImage(instances, [...(report?.evidence ?? []), ...own.all.flatMap((one) => one.report.evidence)]);
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
      findings: findingsOf(result.findings, row.findings, report?.findings ?? [], ports),
      documents: referencesTo(own, uids),
      ...(await priorOfResult(result, image, ports)),
      model: modelOf(report?.algorithm, ports),
    },
    ...(ports.publicUrl === undefined
      ? {}
      : { pageUrl: publicAddress(ports.publicUrl, `/study/${encodeURIComponent(result.studyInstanceUID)}`) }),
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

/**
 * An image that the result rests on, else one that could have been analysed, else any. If all images were deleted, one of our
 * documents states the same of study and patient; its evidence names the kind of the images.
 */
function analysedImage(instances: readonly DataSet[], evidence: readonly DocumentReference[]): DataSet {
  const images = instances.filter((one) => !isAboutStudy(one));
  const uids = new Set<string>(evidence.map(({ sopInstanceUID }) => sopInstanceUID));
  const image =
    images.find((one) => uids.has(textOf(one, 'SOPInstanceUID') ?? '')) ??
    images.find((one) => Object.values(modalities).includes(textOf(one, 'Modality') ?? '')) ??
    images[0];
  return (
    image ?? {
      ...instances[0],
      Modality: evidence.map(({ sopClassUID }) => modalities[sopClassUID]).find((one) => one !== undefined) ?? 'OT',
    }
  );
}

async function priorOfResult(result: ResultRow, image: DataSet, { findPrior }: WritePorts): Promise<{ readonly prior?: PriorComparison }> {
  if (result.outcome !== 'reported') return {};
  const findings = result.findings.map(({ code, scheme, meaning, decision }) => ({ concept: { value: code, scheme, meaning }, decision }));
  const prior = compareWithPrior(findings, result.modelVersion ?? '', await priorIfFound(findPrior, [image]));
  return prior ? { prior } : {};
}

/** Those that the rules select come first. Probabilities are those that the document states, which are rounded. */
function findingsOf(
  findings: readonly RecordedFinding[],
  selected: readonly string[],
  stated: readonly ReadFinding[],
  { termsOf }: WritePorts,
): readonly MessageFinding[] {
  const ordered = [...findings].sort((one, other) => Number(selected.includes(other.name)) - Number(selected.includes(one.name)));
  return ordered.map(({ name, code, scheme, meaning, probability, decision, modelVersion }) => {
    const terms = termsOf(name);
    const concept = { value: code, scheme, meaning };
    return {
      name,
      concept,
      ...(terms?.site ? { site: terms.site } : {}),
      wording: terms?.wording ?? `appearance compatible with ${meaning.toLowerCase()}`,
      probability: stated.find((one) => sameConcept(one.concept, concept))?.probability ?? probability,
      decision,
      isSelected: selected.includes(name),
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

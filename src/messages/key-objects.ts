import { sameConcept } from '../dicom/code.js';
import { textOf, type DataSet } from '../dicom/data-set.js';
import { derivedUid, type SeriesInstanceUID, type SOPInstanceUID, type StudyInstanceUID } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import { referenceTo } from '../reporting/image-reference.js';
import { ownDocumentsIn, type OwnDocument } from '../reporting/own-documents.js';
import type { Pacs } from '../reporting/ports.js';
import { codes } from '../sr/codes.js';
import { isRejection, keyObjectSelectionOf, selectedObjects, type KeyObjects } from '../sr/key-object-selection.js';
import { isAboutStudy, isOwnDocument } from '../sr/own-document.js';
import type { AlgorithmIdentity, DocumentReference } from '../sr/report-content.js';
import { decisionWords, notice, percentWithoutThresholds } from '../sr/wording.js';
import type { MessageFinding, ResultMessage } from './ports.js';

/** After the result's own series and the readers' assessments; added to the Series Number of the settings. */
export const keyObjectSeriesOffset = 5;

/** A study as the PACS contains it at this moment. */
export interface StudyNow {
  readonly instances: readonly DataSet[];
  /** Selections of this channel, rejections too. */
  readonly selections: readonly DataSet[];
  readonly report: OwnDocument | undefined;
}

export async function studyNow(message: ResultMessage, channel: string, pacs: Pick<Pacs, 'retrieveStudyMetadata'>): Promise<StudyNow> {
  const { studyInstanceUID } = message.study;
  const instances = await pacs.retrieveStudyMetadata(studyInstanceUID as StudyInstanceUID);
  const series = seriesOf(channel, studyInstanceUID);
  const uids = new Set<string>(message.result.documents.map((one) => one.sopInstanceUID));
  return {
    instances,
    selections: instances.filter((one) => isOwnDocument(one) && textOf(one, 'SeriesInstanceUID') === series),
    report: ownDocumentsIn(instances).all.find(({ kind, reference }) => kind === 'text' && uids.has(reference.sopInstanceUID)),
  };
}

function seriesOf(channel: string, studyInstanceUID: string): SeriesInstanceUID {
  return derivedUid<SeriesInstanceUID>('key objects', 'series', studyInstanceUID, channel);
}

/** What the study has to contain: the selection, if the message has findings that the rules select, and the rejection of earlier ones. */
export function keyObjectsOf(message: ResultMessage, study: StudyNow, channel: string, seriesNumber: number): readonly DataSet[] {
  const { instances, selections, report } = study;
  const selected = message.result.findings.filter((one) => one.isSelected);
  const source = instances.find((one) => !isAboutStudy(one));
  const isSelection = selected.length > 0 && message.result.outcome === 'reported';
  // Deleted a moment ago: this message is repeated, or closed because the study or its result is another one then.
  if (source === undefined || (isSelection && !report))
    throw new Fault('study-changed', 'expected images and the text report of the result, found that they were deleted meanwhile', {
      studyInstanceUID: message.study.studyInstanceUID,
    });
  const uid = (kind: 'selection' | 'rejection'): SOPInstanceUID => derivedUid<SOPInstanceUID>('key objects', kind, message.messageId);
  const common = {
    source,
    createdAt: message.writtenAt,
    seriesInstanceUID: seriesOf(channel, message.study.studyInstanceUID),
    seriesNumber,
    algorithm: report?.report.algorithm ?? algorithmOf(message),
  };
  const count = selections.length;
  const written = (kind: 'selection' | 'rejection', content: Omit<KeyObjects, keyof typeof common | 'sopInstanceUID'>): DataSet => {
    const sopInstanceUID = uid(kind);
    // One UID never names two contents: what an earlier attempt has stored is not written again.
    return (
      selections.find((one) => textOf(one, 'SOPInstanceUID') === sopInstanceUID) ??
      keyObjectSelectionOf({ ...common, ...content, sopInstanceUID })
    );
  };
  const outdated = outdatedSelections(selections, uid('selection'), uid('rejection'));
  const rejection =
    outdated.length === 0
      ? []
      : [
          written('rejection', {
            title: codes.rejectedForPatientSafety,
            seriesDescription: 'AI key objects (unverified)',
            description: `A later software result replaces the one that this selection was made for. ${notice}`,
            images: [],
            documents: outdated.map(referenceTo),
            instanceNumber: count + 1,
          }),
        ];
  if (!isSelection || !report) return rejection;
  const selection = written('selection', {
    title: codes.ofInterest,
    seriesDescription: 'AI key objects (unverified)',
    description: [...selected.map(sentenceOf), notice].join(' '),
    images: imagesOf(selected, report, instances),
    documents: [report.reference],
    instanceNumber: count + rejection.length + 1,
  });
  return [...rejection, selection];
}

/** Selections before this message's that no rejection names, but one of this message's own. */
function outdatedSelections(selections: readonly DataSet[], own: string, ownRejection: string): readonly DataSet[] {
  const rejected = new Set(
    selections
      .filter((one) => isRejection(one) && textOf(one, 'SOPInstanceUID') !== ownRejection)
      .flatMap((one) => selectedObjects(one).map(({ sopInstanceUID }) => sopInstanceUID as string)),
  );
  return selections.filter((one) => {
    const uid = textOf(one, 'SOPInstanceUID') ?? '';
    return !isRejection(one) && uid !== own && !rejected.has(uid);
  });
}

/** Of a result without a document. */
function algorithmOf({ result: { model } }: ResultMessage): AlgorithmIdentity {
  return { ...model, serialNumber: model.version, parameters: [] };
}

function sentenceOf(finding: MessageFinding): string {
  return `${decisionWords[finding.decision]}, ${percentWithoutThresholds(finding)} %: ${finding.wording}.`;
}

/** The images on which the document bases the findings, as far as they are there; without any, all that it names. */
function imagesOf(
  selected: readonly MessageFinding[],
  { report }: OwnDocument,
  instances: readonly DataSet[],
): readonly DocumentReference[] {
  const there = new Set(instances.map((one) => textOf(one, 'SOPInstanceUID')));
  const shown = report.findings
    .filter(({ concept }) => selected.some((one) => sameConcept(one.concept, concept)))
    .flatMap(({ images }) => images);
  return (shown.length > 0 ? shown : report.evidence).filter(({ sopInstanceUID }) => there.has(sopInstanceUID));
}

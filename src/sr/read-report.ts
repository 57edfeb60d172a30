import { isDeepStrictEqual } from 'node:util';
import { sameConcept, type CodedConcept } from '../dicom/code.js';
import { itemsOf, textOf, conceptOf, type DataSet } from '../dicom/data-set.js';
import { codes } from './codes.js';
import { childrenNamed, childrenOf, codeNamed, nameOf, textNamed, textsNamed } from './content-tree.js';
import { readMeasuredFindings, readTextFindings, type ReadFinding } from './read-content.js';
import { readHierarchical, type DocumentReference } from './references.js';
import type { AlgorithmIdentity, ReportOutcome } from './report-content.js';
import { momentOf } from './timezone.js';
import { outcomeWords } from './wording.js';

export type { ReadFinding } from './read-content.js';

/** What a document says. Strings that it does not give are ''. */
export interface ReadReport {
  readonly kind: 'text' | 'measurement';
  readonly outcome: ReportOutcome;
  readonly findings: readonly ReadFinding[];
  /** The first one. */
  readonly algorithm: AlgorithmIdentity;
  /** Further ones, by falling precedence; absent if there is none. Their parameters stand in their own sections and are not read. */
  readonly otherAlgorithms?: readonly AlgorithmIdentity[];
  readonly procedureReported?: CodedConcept;
  readonly evidence: readonly DocumentReference[];
  readonly predecessors: readonly DocumentReference[];
  readonly createdAt?: Date;
  readonly studyInstanceUID: string;
  readonly seriesInstanceUID: string;
  readonly sopInstanceUID: string;
}

/**
 * Reads a document of ours, or a TID 1500 document of anybody's, as far as it can be understood; nothing in it makes
 * this throw. A measurement report speaks only of what was found, so its outcome is always "reported".
 */
export function readReport(document: DataSet): ReadReport {
  const kind = sameConcept(nameOf(document), codes.imagingMeasurementReport) ? 'measurement' : 'text';
  const evidence = readHierarchical(document, 'CurrentRequestedProcedureEvidenceSequence');
  const procedureReported = codeNamed(document, codes.procedureReported);
  const createdAt = momentOf(document, 'ContentDate', 'ContentTime');
  const others = devicesOf(document).slice(1).map(otherAlgorithm);
  return {
    kind,
    outcome: kind === 'text' ? readOutcome(document) : { kind: 'reported' },
    findings: (kind === 'text' ? readTextFindings(document, evidence) : readMeasuredFindings(document, evidence)).map((finding) =>
      others.length > 0 ? finding : withoutAlgorithm(finding),
    ),
    algorithm: readAlgorithm(document),
    ...(others.length > 0 ? { otherAlgorithms: others } : {}),
    ...(procedureReported ? { procedureReported } : {}),
    evidence,
    predecessors: readHierarchical(document, 'PredecessorDocumentsSequence'),
    ...(createdAt ? { createdAt } : {}),
    studyInstanceUID: textOf(document, 'StudyInstanceUID') ?? '',
    seriesInstanceUID: textOf(document, 'SeriesInstanceUID') ?? '',
    sopInstanceUID: textOf(document, 'SOPInstanceUID') ?? '',
  };
}

/** Whether two documents have the same content, apart from when they were written. */
export function sameReport(a: ReadReport, b: ReadReport): boolean {
  return isDeepStrictEqual({ ...a, createdAt: undefined }, { ...b, createdAt: undefined });
}

function readOutcome(document: DataSet): ReportOutcome {
  const summary = childrenNamed(document, codes.summary)[0] ?? {};
  const status = codeNamed(summary, codes.summaryOfDetections);
  const kind = sameConcept(status, codes.notAttempted) ? 'skipped' : sameConcept(status, codes.failed) ? 'failed' : 'reported';
  if (kind === 'reported') return { kind };
  const sentence = textNamed(summary, codes.conclusion) ?? '';
  const [, code, reason] = /^\(([^)]*)\): (.*)$/s.exec(sentence.slice(outcomeWords[kind].length).trimStart()) ?? [];
  return { kind, code: code ?? '', reason: reason ?? sentence };
}

/** Of one algorithm, its findings need not name it. */
function withoutAlgorithm({ algorithm: _only, ...finding }: ReadFinding): ReadFinding {
  return finding;
}

/** The Processing Equipment items that have a Device UID, as IHE AIR demands; a toolkit may add one of its own without. */
function devicesOf(document: DataSet): readonly DataSet[] {
  return itemsOf(document, 'ContributingEquipmentSequence').filter(
    (item) =>
      sameConcept(conceptOf(item, 'PurposeOfReferenceCodeSequence'), codes.processingEquipment) && textOf(item, 'DeviceUID') !== undefined,
  );
}

function otherAlgorithm(device: DataSet): AlgorithmIdentity {
  const text = (keyword: string): string => textOf(device, keyword) ?? '';
  return {
    manufacturer: text('Manufacturer'),
    name: text('ManufacturerModelName'),
    version: text('SoftwareVersions'),
    deviceUID: text('DeviceUID'),
    serialNumber: text('DeviceSerialNumber'),
    parameters: [],
  };
}

/** From the first Processing Equipment item, else from the equipment of the header, else from TID 1004 and TID 4019. */
function readAlgorithm(document: DataSet): AlgorithmIdentity {
  const [device] = devicesOf(document);
  const inHeader = (keyword: string): string | undefined => textOf(device ?? document, keyword) ?? textOf(document, keyword);
  const sections = [
    ...childrenNamed(document, codes.currentProcedureDescriptions),
    ...childrenNamed(document, codes.imagingMeasurements).flatMap(childrenOf),
    ...childrenNamed(document, codes.qualitativeEvaluations),
  ];
  const identified = sections.find((section) => textNamed(section, codes.algorithmName) !== undefined) ?? {};
  return {
    manufacturer: inHeader('Manufacturer') ?? textNamed(document, codes.deviceObserverManufacturer) ?? '',
    name: inHeader('ManufacturerModelName') ?? textNamed(identified, codes.algorithmName) ?? '',
    version: inHeader('SoftwareVersions') ?? textNamed(identified, codes.algorithmVersion) ?? '',
    deviceUID: inHeader('DeviceUID') ?? textNamed(document, codes.deviceObserverUid) ?? '',
    serialNumber: inHeader('DeviceSerialNumber') ?? textNamed(document, codes.deviceObserverSerialNumber) ?? '',
    parameters: textsNamed(identified, codes.algorithmParameters),
  };
}

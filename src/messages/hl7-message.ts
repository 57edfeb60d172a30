import type { CodedConcept } from '../dicom/code.js';
import { Fault } from '../errors.js';
import { hasCharacters, type Hl7CharacterSet } from '../hl7/character-set.js';
import { writeSegments, type Component, type Field, type Segment } from '../hl7/message.js';
import { hl7DateTime, hl7Moment } from '../hl7/time.js';
import { plainText } from '../lib/plain-text.js';
import { codes, ownScheme } from '../sr/codes.js';
import { decisionCodes } from '../sr/wording.js';
import type { MessageFinding, MessagePatient, ResultMessage } from './ports.js';
import { percentWithoutThresholds } from '../sr/wording.js';
import { resultSentences, timeWithOffset } from './result-text.js';

/** Who sends and who receives, and in which characters. */
export interface Hl7Addressing {
  /** MSH-3 to MSH-6: a name, or `NAME^OID^ISO`. */
  readonly sendingApplication: string;
  readonly sendingFacility: string;
  readonly receivingApplication: string;
  readonly receivingFacility: string;
  readonly characterSet: Hl7CharacterSet;
}

/**
 * "Results stored; not yet verified" (tables 0123 and 0085). P would call the result verified, C would replace a final one, and X in
 * OBR-25 would cancel the order.
 */
const unverified = 'R';
/** Lengths of ST in CE and of FT (HL7 v2.5.1 §2A). */
const maxCodeText = 199;
const maxText = 65_000;

/**
 * ORU^R01 of HL7 v2.5.1 (§7.3.1): MSH, PID, ORC, OBR and one OBX for each statement. docs/guide/hl7.md describes each field.
 *
 * @returns the message in the characters of the set, segments ended by CR
 * @throws Fault message-refused if an identifier has characters that the set lacks: it would name another order or patient
 */
export function hl7Message(message: ResultMessage, addressing: Hl7Addressing): string {
  const { study, result } = message;
  const set = addressing.characterSet;
  requireIdentifiers(message, set);
  const numbers = orderNumbers(message);
  const observed = hl7DateTime(study.date, timeWithOffset(study));
  const observations = [...resultObservations(message), ...result.findings.flatMap(findingObservations)];
  return writeSegments(
    [
      header(message, addressing),
      { name: 'PID', fields: patientFields(study.patient, set) },
      { name: 'ORC', fields: { 1: 'RE', 2: numbers.placer, 3: numbers.filler } },
      {
        name: 'OBR',
        fields: {
          1: '1',
          2: numbers.placer,
          3: numbers.filler,
          4: coded(study.procedure),
          7: observed,
          18: study.accessionNumber,
          22: hl7Moment(result.createdAt),
          24: 'RAD',
          25: unverified,
        },
      },
      ...observations.map(
        ({ type, concept, group, value, unit, isOfDevice }, index): Segment => ({
          name: 'OBX',
          fields: {
            1: String(index + 1),
            2: type,
            3: coded(concept),
            4: group,
            5: value,
            6: unit && coded(unit),
            11: unverified,
            14: observed,
            ...(isOfDevice ? { 18: result.model.deviceUID, 19: hl7Moment(result.createdAt) } : {}),
          },
        }),
      ),
    ],
    set,
  );
}

function header({ messageId, isTest, writtenAt }: ResultMessage, addressing: Hl7Addressing): Segment {
  return {
    name: 'MSH',
    fields: {
      3: addressing.sendingApplication.split('^'),
      4: addressing.sendingFacility.split('^'),
      5: addressing.receivingApplication.split('^'),
      6: addressing.receivingFacility.split('^'),
      7: hl7Moment(writtenAt),
      9: ['ORU', 'R01', 'ORU_R01'],
      10: messageId,
      11: isTest ? 'T' : 'P',
      12: '2.5.1',
      18: addressing.characterSet,
    },
  };
}

/** The numbers of the order. Where the images state no filler number, the accession number is it in most systems; some number is required. */
function orderNumbers({ study }: ResultMessage): { readonly placer: string | undefined; readonly filler: string } {
  return { placer: study.placerOrderNumber, filler: study.fillerOrderNumber ?? study.accessionNumber ?? study.studyInstanceUID };
}

/** PID-3, 5, 7, 8 of what the channel may carry. Without a name, PID-5 states that it is withheld (table 0200, S), not that there is none. */
function patientFields({ id, issuer, name, birthDate, sex }: MessagePatient, set: Hl7CharacterSet): Readonly<Record<number, Field>> {
  return {
    1: '1',
    3: id === undefined ? undefined : [id, undefined, undefined, authority(issuer), 'PI'],
    5: name ? { repetitions: names(name, set) } : { repetitions: [[], [...blank(6), 'S']] },
    7: birthDate,
    8: sex,
  };
}

/** Issuer of Patient ID as an assigning authority (HD): an OID as a universal ID. */
function authority(issuer: string | undefined): Component {
  return issuer !== undefined && /^[0-2](\.\d+)+$/.test(issuer) ? [undefined, issuer, 'ISO'] : issuer;
}

/**
 * DICOM's name groups as repetitions of XPN, with their representation (table 0465). A further group is left out where the set
 * has not all of its characters.
 */
function names(name: string, set: Hl7CharacterSet): readonly (readonly Component[])[] {
  return name
    .split('=')
    .map((group, index) => ({ group, representation: (['A', 'I', 'P'] as const)[index] }))
    .filter(({ group, representation }) => group.replaceAll('^', '') !== '' && representation !== undefined)
    .filter(({ group }, index) => index === 0 || hasCharacters(group, set))
    .map(({ group, representation }) => {
      const [family, given, middle, prefix, suffix] = group.split('^');
      return [family, given, middle, suffix, prefix, undefined, 'L', representation];
    });
}

interface Observation {
  readonly type: 'CWE' | 'FT' | 'NM' | 'ST';
  readonly concept: CodedConcept;
  /** Sub-ID (OBX-4): observations of one finding have the same. */
  readonly group?: string;
  readonly value: Field;
  readonly unit?: CodedConcept;
  readonly isOfDevice?: true;
}

const studyUid: CodedConcept = { value: '110180', scheme: 'DCM', meaning: 'Study Instance UID' };
const pageAddress: CodedConcept = { value: 'page-address', scheme: ownScheme, meaning: 'Address of the result' };
const outcomes = { reported: codes.succeeded, skipped: codes.notAttempted, failed: codes.failed } as const;

function resultObservations(message: ResultMessage): readonly Observation[] {
  const { study, result, pageUrl } = message;
  const { model } = result;
  return [
    { type: 'FT', concept: codes.conclusion, value: { lines: withinLength(resultSentences(message)) } },
    { type: 'ST', concept: studyUid, value: study.studyInstanceUID },
    { type: 'CWE', concept: codes.summaryOfDetections, value: coded(outcomes[result.outcome]) },
    { type: 'ST', concept: codes.deviceObserverManufacturer, value: model.manufacturer },
    { type: 'ST', concept: codes.algorithmName, value: model.name },
    { type: 'ST', concept: codes.algorithmVersion, value: model.version },
    { type: 'ST', concept: codes.deviceObserverUid, value: model.deviceUID },
    ...(pageUrl === undefined ? [] : [{ type: 'ST', concept: pageAddress, value: pageUrl } as const]),
  ];
}

/** As in the SR: the finding, its site, the decision under the finding's own name, and the probability. */
function findingObservations(finding: MessageFinding, index: number): readonly Observation[] {
  const group = String(index + 1);
  const { concept, site, decision, modelVersion } = finding;
  return [
    { type: 'CWE', concept: codes.finding, group, value: coded(concept), isOfDevice: true },
    ...(site ? [{ type: 'CWE', concept: codes.findingSite, group, value: coded(site), isOfDevice: true } as const] : []),
    { type: 'CWE', concept, group, value: coded(decisionCodes[decision]), isOfDevice: true },
    { type: 'NM', concept: codes.probability, group, value: percentWithoutThresholds(finding), unit: codes.percent, isOfDevice: true },
    ...(modelVersion === undefined
      ? []
      : [{ type: 'ST', concept: codes.algorithmVersion, group, value: modelVersion, isOfDevice: true } as const]),
  ];
}

/** CE and CWE: identifier, text, name of the coding system. DICOM's designators are those of HL7 table 0396. */
function coded({ value, scheme, meaning }: CodedConcept): readonly Component[] {
  return [value, plainText(meaning, maxCodeText), scheme];
}

/** As many lines as an FT holds; the last one says that there were more. */
function withinLength(lines: readonly string[]): readonly string[] {
  const kept: string[] = [];
  let length = 0;
  for (const line of lines) {
    length += line.length;
    if (length > maxText) return [...kept, 'The text is not complete.'];
    kept.push(line);
  }
  return kept;
}

function requireIdentifiers({ study }: ResultMessage, set: Hl7CharacterSet): void {
  const { patient } = study;
  const identifiers = {
    'Accession Number': study.accessionNumber,
    'Placer Order Number': study.placerOrderNumber,
    'Filler Order Number': study.fillerOrderNumber,
    'Patient ID': patient.id,
    'Issuer of Patient ID': patient.issuer,
  };
  for (const [name, value] of Object.entries(identifiers)) {
    if (value !== undefined && !hasCharacters(value, set))
      throw new Fault(
        'message-refused',
        `expected the ${name} in characters of the channel's character set ${set}, found others; it is not sent, because it would name another order or patient`,
        { studyInstanceUID: study.studyInstanceUID },
      );
  }
}

function blank(count: number): readonly undefined[] {
  return Array.from({ length: count }, () => undefined);
}

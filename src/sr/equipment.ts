import type { DataSet } from '../dicom/data-set.js';
import { codes } from './codes.js';
import { codeItem } from './content-item.js';
import type { HeaderContent } from './document-header.js';
import { accountAsPersonName, legalString } from './legal-value.js';
import type { AlgorithmIdentity } from './report-content.js';
import { dateTimeOf } from './timezone.js';
import type { Reader } from './assessment-content.js';

/** What made a document: the algorithm and its equipment, or a reader and the program that recorded the assessment. */

/** A document is recognised as ours by these two, for every model (own-document.ts). */
export const stationName = 'ORTHANC-CHEST-AI';
export const contribution = 'orthanc-chest-ai: software result, not verified by a physician';
/** Station Name (SH, 16 characters) of readers' assessments: recognised by it where only series attributes are known. */
export const assessmentStationName = 'CHEST-AI-READER';
/** Manufacturer of readers' assessments. */
export const assessmentManufacturer = 'orthanc-chest-ai';
/** The same as releases 0.1.0 and 0.2.0 wrote it. */
export const formerAssessmentStationName = 'CHEST-AI-VERDICT';

/**
 * The identity as every place of a document gives it. IHE AIR Table 6.5.3.1-1 wants the same strings in the header
 * (LO, 64 characters), in TID 1004 and in TID 4019, so they are made to fit once, here.
 */
export function legalIdentity(algorithm: AlgorithmIdentity): AlgorithmIdentity {
  return {
    ...algorithm,
    manufacturer: legalString(algorithm.manufacturer, 64),
    name: legalString(algorithm.name, 64),
    version: legalString(algorithm.version, 64),
    serialNumber: legalString(algorithm.serialNumber, 64),
  };
}

/**
 * General Equipment and Enhanced General Equipment (PS3.3 C.7.5.1, C.7.5.2), and the Contributing Equipment Sequence
 * of SOP Common (C.12.1) with the five attributes that IHE AIR §6.5.3.1 demands of each algorithm: one item for each.
 *
 * @param algorithm made legal; the header names it
 * @param others further algorithms that contributed, made legal
 */
export function equipment(algorithm: AlgorithmIdentity, ...others: readonly AlgorithmIdentity[]): DataSet {
  return {
    ...deviceOf(algorithm),
    StationName: stationName,
    ContributingEquipmentSequence: [algorithm, ...others].map((one) => ({
      PurposeOfReferenceCodeSequence: [codeItem(codes.processingEquipment)],
      ...deviceOf(one),
      DeviceUID: one.deviceUID,
      ContributionDescription: contribution,
    })),
  };
}

function deviceOf({ manufacturer, name, serialNumber, version }: AlgorithmIdentity): DataSet {
  return { Manufacturer: manufacturer, ManufacturerModelName: name, DeviceSerialNumber: serialNumber, SoftwareVersions: version };
}

/** The same modules for the program that recorded a reader's assessment. It has no Device UID of a model: no model takes part. */
export function assessmentEquipment(softwareVersion: string): DataSet {
  const device = {
    Manufacturer: assessmentManufacturer,
    ManufacturerModelName: 'orthanc-chest-ai assessments',
    DeviceSerialNumber: '1',
    SoftwareVersions: legalString(softwareVersion, 64),
  };
  return {
    ...device,
    StationName: assessmentStationName,
    ContributingEquipmentSequence: [
      {
        PurposeOfReferenceCodeSequence: [codeItem(codes.processingEquipment)],
        ...device,
        ContributionDescription: "orthanc-chest-ai: a reader's assessment, written down",
      },
    ],
  };
}

/**
 * Verification Flag and Verifying Observer Sequence (PS3.3 C.17.2): VERIFIED only by a reader with the right to sign, at the moment at
 * which the document was made.
 */
export function verification({ name, verifiesFor }: Reader, { createdAt, source }: Pick<HeaderContent, 'createdAt' | 'source'>): DataSet {
  if (verifiesFor === undefined) return { VerificationFlag: 'UNVERIFIED', PreliminaryFlag: 'PRELIMINARY' };
  return {
    VerificationFlag: 'VERIFIED',
    PreliminaryFlag: 'FINAL',
    VerifyingObserverSequence: [
      {
        VerifyingObserverName: accountAsPersonName(name),
        VerifyingObserverIdentificationCodeSequence: [],
        VerifyingOrganization: legalString(verifiesFor, 64),
        VerificationDateTime: dateTimeOf(createdAt, source),
      },
    ],
  };
}

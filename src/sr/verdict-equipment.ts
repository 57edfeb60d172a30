import type { DataSet } from '../dicom/data-set.js';
import { codes } from './codes.js';
import { codeItem } from './content-item.js';
import { legalString } from './legal-value.js';

/** By this a verdict is known where only series attributes are at hand (see own-document.ts). */
export const verdictStationName = 'CHEST-AI-VERDICT';

/**
 * General Equipment and Enhanced General Equipment (PS3.3 C.7.5.1, C.7.5.2) of what wrote the verdict down. It has no Device
 * UID of a model: a person speaks, no model does.
 */
export function verdictEquipment(softwareVersion: string): DataSet {
  const device = {
    Manufacturer: 'orthanc-chest-ai',
    ManufacturerModelName: 'orthanc-chest-ai verdicts',
    DeviceSerialNumber: '1',
    SoftwareVersions: legalString(softwareVersion, 64),
  };
  return {
    ...device,
    StationName: verdictStationName,
    ContributingEquipmentSequence: [{ PurposeOfReferenceCodeSequence: [codeItem(codes.processingEquipment)], ...device, ContributionDescription: "orthanc-chest-ai: a reader's verdict, written down" }],
  };
}

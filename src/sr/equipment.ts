import type { DataSet } from '../dicom/data-set.js';
import { codes } from './codes.js';
import { codeItem } from './content-item.js';
import type { AlgorithmIdentity } from './report-content.js';

/** By these a document is known as ours, whatever model made it (see own-document.ts). */
export const stationName = 'ORTHANC-CHEST-AI';
export const contribution = 'orthanc-chest-ai: software result, not verified by a physician';

/**
 * General Equipment and Enhanced General Equipment (PS3.3 C.7.5.1, C.7.5.2), and the Contributing Equipment Sequence
 * of SOP Common (C.12.1) with the five attributes that IHE AIR §6.5.3.1 demands of each algorithm.
 *
 * @param algorithm made legal (algorithm.ts)
 */
export function equipment(algorithm: AlgorithmIdentity): DataSet {
  const device = {
    Manufacturer: algorithm.manufacturer,
    ManufacturerModelName: algorithm.name,
    DeviceSerialNumber: algorithm.serialNumber,
    SoftwareVersions: algorithm.version,
  };
  return {
    ...device,
    StationName: stationName,
    ContributingEquipmentSequence: [
      { PurposeOfReferenceCodeSequence: [codeItem(codes.processingEquipment)], ...device, DeviceUID: algorithm.deviceUID, ContributionDescription: contribution },
    ],
  };
}

import type { DataSet } from '../../src/dicom/data-set.js';
import { writePart10 } from '../../src/dicom/part10.js';
import { derivedUid, type SeriesInstanceUID, type SOPInstanceUID, type StudyInstanceUID } from '../../src/dicom/uid.js';

export interface TinyImage {
  readonly bytes: Uint8Array;
  readonly dataSet: DataSet;
  readonly studyInstanceUID: StudyInstanceUID;
  readonly seriesInstanceUID: SeriesInstanceUID;
  readonly sopInstanceUID: SOPInstanceUID;
}

/**
 * A valid small CR image for tests that need *an* instance and no chest in it.
 * @param name makes the UIDs: the same names give the same instance
 * @param rows,columns more of them make a larger file
 */
export function tinyImage(
  name: { readonly study: string; readonly series?: string; readonly instance?: string },
  attributes: DataSet = {},
  rows = 8,
  columns = 8,
): TinyImage {
  const { study, series = '1', instance = '1' } = name;
  const studyInstanceUID = derivedUid<StudyInstanceUID>('tiny', study);
  const seriesInstanceUID = derivedUid<SeriesInstanceUID>('tiny', study, series);
  const sopInstanceUID = derivedUid<SOPInstanceUID>('tiny', study, series, instance);
  const pixels = Uint16Array.from({ length: rows * columns }, (_, index) => (index * 7919) % 4096);
  const dataSet: DataSet = {
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.1',
    SOPInstanceUID: sopInstanceUID,
    StudyDate: '20260102',
    StudyTime: '101112',
    Modality: 'CR',
    StudyDescription: 'SYNTHETIC',
    AccessionNumber: '',
    PatientName: 'PHANTOM^TINY',
    PatientID: `TINY-${study}`,
    PatientBirthDate: '',
    PatientSex: 'O',
    StudyInstanceUID: studyInstanceUID,
    SeriesInstanceUID: seriesInstanceUID,
    StudyID: '1',
    SeriesNumber: 1,
    InstanceNumber: 1,
    BodyPartExamined: 'CHEST',
    ViewPosition: 'PA',
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: rows,
    Columns: columns,
    BitsAllocated: 16,
    BitsStored: 12,
    HighBit: 11,
    PixelRepresentation: 0,
    PixelData: new Uint8Array(pixels.buffer),
    ...attributes,
  };
  return { bytes: writePart10(dataSet), dataSet, studyInstanceUID, seriesInstanceUID, sopInstanceUID };
}

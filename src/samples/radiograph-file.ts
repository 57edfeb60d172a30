import type { DataSet } from '../dicom/data-set.js';
import { writePart10 } from '../dicom/part10.js';
import { derivedUid, type SeriesInstanceUID, type SOPInstanceUID, type StudyInstanceUID } from '../dicom/uid.js';

/** A published radiograph of 8 bits, and what is known about it. */
export interface PublishedRadiograph {
  /** Of the published file: makes every UID. */
  readonly image: string;
  readonly rows: number;
  readonly columns: number;
  /** Row by row, 0 black. */
  readonly values: Uint8Array;
  /** Synthetic; whoever sees it must see where the image is from. */
  readonly patientName: string;
  readonly patientID: string;
  readonly sex: 'F' | 'M' | 'O';
  /** Years; undefined if it was not published. */
  readonly age: number | undefined;
  readonly view: 'PA' | 'AP';
  /** Who published it, and its licence. */
  readonly attribution: string;
}

/** Computed radiography of presented grey values: what published images are, not what a detector measured. The publisher had compressed it. */
export function radiographFile(radiograph: PublishedRadiograph): Uint8Array {
  const { image, rows, columns, values, patientName, patientID, sex, age, view, attribution } = radiograph;
  const dataSet: DataSet = {
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.1',
    SOPInstanceUID: derivedUid<SOPInstanceUID>('published radiograph', image),
    StudyInstanceUID: derivedUid<StudyInstanceUID>('published radiograph study', image),
    SeriesInstanceUID: derivedUid<SeriesInstanceUID>('published radiograph series', image),
    ImageType: ['DERIVED', 'PRIMARY'],
    DerivationDescription: `Published image ${image}`,
    ImageComments: attribution,
    StudyDate: '20260115',
    StudyTime: '093000',
    SeriesDate: '20260115',
    SeriesTime: '093000',
    ContentDate: '20260115',
    ContentTime: '093000',
    StudyID: '1',
    AccessionNumber: '',
    StudyDescription: 'PUBLISHED RADIOGRAPH',
    SeriesDescription: `CHEST ${view}`,
    ReferringPhysicianName: '',
    PatientName: patientName,
    PatientID: patientID,
    IssuerOfPatientID: 'PUBLISHED',
    PatientBirthDate: '',
    PatientSex: sex,
    ...(age === undefined ? {} : { PatientAge: `${String(Math.round(age)).padStart(3, '0')}Y` }),
    Manufacturer: 'orthanc-chest-ai',
    ManufacturerModelName: 'published image',
    Modality: 'CR',
    SeriesNumber: 1,
    InstanceNumber: 1,
    BodyPartExamined: 'CHEST',
    ViewPosition: view,
    PatientOrientation: ['L', 'F'],
    BurnedInAnnotation: 'NO',
    LossyImageCompression: '01',
    LossyImageCompressionMethod: 'ISO_10918_1',
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: rows,
    Columns: columns,
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
    PixelRepresentation: 0,
    WindowCenter: '128',
    WindowWidth: '256',
    PixelData: values.length % 2 === 0 ? values : Uint8Array.from([...values, 0]),
  };
  return writePart10(dataSet);
}

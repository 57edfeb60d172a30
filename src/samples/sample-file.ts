import type { DataSet } from '../dicom/data-set.js';
import { writePart10 } from '../dicom/part10.js';
import { derivedUid, type SeriesInstanceUID, type SOPInstanceUID, type StudyInstanceUID } from '../dicom/uid.js';
import type { StoredPixels } from './chest-phantom.js';

const sopClass = { cr: '1.2.840.10008.5.1.4.1.1.1', dx: '1.2.840.10008.5.1.4.1.1.1.1', ct: '1.2.840.10008.5.1.4.1.1.2' } as const;

/** A study of nobody: all that its images have in common. */
export interface SampleIdentity {
  /** Makes every UID. */
  readonly seed: string;
  /** "PHANTOM^…": whoever sees it must see that it is no person. */
  readonly patientName: string;
  readonly patientID: string;
  readonly sex: 'F' | 'M';
}

export const sampleStudyUid = ({ seed }: SampleIdentity): StudyInstanceUID => derivedUid<StudyInstanceUID>('sample study', seed);

const study = (identity: SampleIdentity): DataSet => ({
  StudyInstanceUID: sampleStudyUid(identity),
  StudyDate: '20260115',
  StudyTime: '093000',
  StudyID: '1',
  AccessionNumber: `PH${identity.patientID.replace(/\D/g, '')}`,
  StudyDescription: 'SYNTHETIC',
  ReferringPhysicianName: '',
  PatientName: identity.patientName,
  PatientID: identity.patientID,
  IssuerOfPatientID: 'PHANTOMS',
  PatientBirthDate: '19700101',
  PatientSex: identity.sex,
  PatientAge: '056Y',
  Manufacturer: 'orthanc-chest-ai',
  ManufacturerModelName: 'phantom',
  StationName: 'PHANTOM',
  InstitutionName: 'SYNTHETIC',
});

const instance = (identity: SampleIdentity, series: number, number: number, modality: string): DataSet => ({
  SOPInstanceUID: derivedUid<SOPInstanceUID>('sample instance', identity.seed, String(series), String(number)),
  SeriesInstanceUID: derivedUid<SeriesInstanceUID>('sample series', identity.seed, String(series)),
  Modality: modality,
  SeriesNumber: series,
  InstanceNumber: number,
  SeriesDate: '20260115',
  SeriesTime: '093000',
  ContentDate: '20260115',
  ContentTime: '093000',
  AcquisitionDate: '20260115',
  AcquisitionTime: '093000',
});

/** Image Pixel attributes (PS3.3 C.7.6.3) of a grey picture in 16 bits. */
export const pixelModule = (pixels: StoredPixels): DataSet => ({
  SamplesPerPixel: 1,
  PhotometricInterpretation: pixels.photometricInterpretation,
  Rows: pixels.rows,
  Columns: pixels.columns,
  BitsAllocated: 16,
  BitsStored: pixels.bitsStored,
  HighBit: pixels.bitsStored - 1,
  PixelRepresentation: 0,
  PixelData: new Uint8Array(pixels.values.buffer, pixels.values.byteOffset, pixels.values.byteLength),
});

const spacing = (mm: number) => [Number(mm.toFixed(4)), Number(mm.toFixed(4))];

export interface Projection {
  readonly bodyPart: 'CHEST' | 'HAND';
  readonly view: 'PA' | 'AP' | 'LL';
}

/** Computed radiography, as a plate reader sends it (PS3.3 A.2). */
export function crFile(identity: SampleIdentity, pixels: StoredPixels, { bodyPart, view }: Projection): Uint8Array {
  return writePart10({
    SOPClassUID: sopClass.cr,
    ImageType: ['ORIGINAL', 'PRIMARY'],
    ...study(identity),
    ...instance(identity, 1, 1, 'CR'),
    SeriesDescription: `${bodyPart} ${view}`,
    BodyPartExamined: bodyPart,
    ViewPosition: view,
    PatientOrientation: view === 'LL' ? ['P', 'F'] : ['L', 'F'],
    ...(bodyPart === 'HAND' ? { Laterality: 'R' } : {}),
    KVP: '117',
    ImagerPixelSpacing: spacing(pixels.mmPerPixel),
    ...windowOf(pixels),
    ...pixelModule(pixels),
  });
}

/** Digital radiography for presentation (PS3.3 A.26). */
export function dxFile(identity: SampleIdentity, pixels: StoredPixels, { bodyPart, view }: Projection): Uint8Array {
  const chest = { CodeValue: '51185008', CodingSchemeDesignator: 'SCT', CodeMeaning: 'Chest' };
  const paView = { CodeValue: '399348003', CodingSchemeDesignator: 'SCT', CodeMeaning: 'antero-posterior' };
  return writePart10({
    SOPClassUID: sopClass.dx,
    ImageType: ['ORIGINAL', 'PRIMARY', ''],
    PresentationIntentType: 'FOR PRESENTATION',
    ...study(identity),
    ...instance(identity, 1, 1, 'DX'),
    SeriesDescription: `${bodyPart} ${view}`,
    BodyPartExamined: bodyPart,
    ViewPosition: view,
    PatientOrientation: ['L', 'F'],
    ImageLaterality: 'U',
    AnatomicRegionSequence: [chest],
    ViewCodeSequence: [view === 'PA' ? { CodeValue: '272479007', CodingSchemeDesignator: 'SCT', CodeMeaning: 'postero-anterior' } : paView],
    AcquisitionContextSequence: [],
    BurnedInAnnotation: 'NO',
    LossyImageCompression: '00',
    PositionerType: 'NONE',
    DetectorType: 'SCINTILLATOR',
    DetectorID: 'PHANTOM',
    ImagerPixelSpacing: spacing(pixels.mmPerPixel),
    KVP: '117',
    PixelIntensityRelationship: 'LOG',
    PixelIntensityRelationshipSign: pixels.photometricInterpretation === 'MONOCHROME2' ? 1 : -1,
    RescaleIntercept: '0',
    RescaleSlope: '1',
    RescaleType: 'US',
    PresentationLUTShape: pixels.photometricInterpretation === 'MONOCHROME2' ? 'IDENTITY' : 'INVERSE',
    ...windowOf(pixels),
    ...pixelModule(pixels),
  });
}

export interface CtPlane {
  readonly number: number;
  readonly size: number;
  readonly mmPerPixel: number;
  readonly thicknessMm: number;
  /** Towards the head. */
  readonly position: number;
  readonly hu: Int16Array;
}

/** One axial CT image (PS3.3 A.3): patient coordinates run to the left, to the back and to the head. */
export function ctFile(identity: SampleIdentity, series: number, plane: CtPlane): Uint8Array {
  const corner = -((plane.size - 1) / 2) * plane.mmPerPixel;
  return writePart10({
    ...ctCommon(identity, series, plane.number, ['ORIGINAL', 'PRIMARY', 'AXIAL']),
    SeriesDescription: 'CHEST AXIAL LUNG',
    ImagePositionPatient: [corner, corner, plane.position],
    ImageOrientationPatient: [1, 0, 0, 0, 1, 0],
    SliceThickness: plane.thicknessMm,
    SliceLocation: plane.position,
    PixelSpacing: spacing(plane.mmPerPixel),
    WindowCenter: ['-600', '40'],
    WindowWidth: ['1500', '400'],
    ...pixelModule(hounsfield(plane.hu, plane.size, plane.size, plane.mmPerPixel)),
  });
}

/** The overview that is taken before the slices: a projection, stored as CT. */
export function scoutFile(identity: SampleIdentity, series: number, pixels: StoredPixels): Uint8Array {
  const hu = Int16Array.from(pixels.values, (value) => Math.round((value / (2 ** pixels.bitsStored - 1)) * 1600 - 900));
  const half = (pixels.columns / 2) * pixels.mmPerPixel;
  return writePart10({
    ...ctCommon(identity, series, 1, ['ORIGINAL', 'PRIMARY', 'LOCALIZER']),
    SeriesDescription: 'SCOUT',
    ImagePositionPatient: [-half, 0, (pixels.rows / 2) * pixels.mmPerPixel],
    ImageOrientationPatient: [1, 0, 0, 0, 0, -1],
    SliceThickness: '1',
    PixelSpacing: spacing(pixels.mmPerPixel),
    WindowCenter: '0',
    WindowWidth: '1800',
    RescaleType: 'US',
    ...pixelModule(hounsfield(hu, pixels.rows, pixels.columns, pixels.mmPerPixel)),
  });
}

const ctCommon = (identity: SampleIdentity, series: number, number: number, imageType: readonly string[]): DataSet => ({
  SOPClassUID: sopClass.ct,
  ImageType: imageType,
  ...study(identity),
  ...instance(identity, series, number, 'CT'),
  FrameOfReferenceUID: derivedUid('sample frame of reference', identity.seed),
  PositionReferenceIndicator: '',
  BodyPartExamined: 'CHEST',
  PatientPosition: 'HFS',
  KVP: '120',
  AcquisitionNumber: 1,
  RescaleIntercept: '-1024',
  RescaleSlope: '1',
  RescaleType: 'HU',
});

function hounsfield(hu: Int16Array, rows: number, columns: number, mmPerPixel: number): StoredPixels {
  return {
    rows,
    columns,
    bitsStored: 12,
    photometricInterpretation: 'MONOCHROME2',
    mmPerPixel,
    values: Uint16Array.from(hu, (value) => Math.min(4095, Math.max(0, value + 1024))),
  };
}

function windowOf({ bitsStored }: StoredPixels): DataSet {
  return { WindowCenter: String(2 ** (bitsStored - 1)), WindowWidth: String(2 ** bitsStored) };
}

import { numbersOf, textOf, textsOf, type DataSet } from '../dicom/data-set.js';
import type { SeriesInstanceUID, SOPInstanceUID } from '../dicom/uid.js';
import { codes } from './codes.js';
import { codeItem } from './content-item.js';
import { instanceOf } from './document-header.js';
import { equipment, legalIdentity } from './equipment.js';
import { legalString } from './legal-value.js';
import type { AlgorithmIdentity, ImageReference, ReportedFinding } from './report-content.js';
import { fractionOf, localTime } from './timezone.js';
import { notice, probabilityPercent } from './wording.js';

const secondaryCapture = '1.2.840.10008.5.1.4.1.1.7';

/** Everything of a heat map: the drawn picture and what it is about. */
export interface HeatMapCapture {
  /** Data set of the image that it was drawn over: patient and study modules are copied from it. */
  readonly source: DataSet;
  readonly image: ImageReference;
  readonly finding: Pick<ReportedFinding, 'concept' | 'wording' | 'probability' | 'absentBelow' | 'presentFrom'>;
  readonly algorithm: AlgorithmIdentity;
  /** One text that names the input of the result (see inputParameter); how a repeat finds its heat maps. */
  readonly input: string;
  /** 8-bit RGB by pixel. */
  readonly picture: { readonly width: number; readonly height: number; readonly values: Uint8Array };
  readonly createdAt: Date;
  readonly seriesInstanceUID: SeriesInstanceUID;
  readonly sopInstanceUID: SOPInstanceUID;
  readonly seriesNumber: number;
  readonly instanceNumber: number;
}

/**
 * A heat map as Secondary Capture Image (PS3.3 A.8.1): every viewer shows it as one more image. It is derived and says how
 * (C.7.6.1.1.3): Grad-CAM as Derivation Code (CID 217 has the concept), the X-ray as its source (C.12.4), by which equipment.
 */
export function heatMapCapture(capture: HeatMapCapture): DataSet {
  const { source, image, finding, picture } = capture;
  const created = localTime(capture.createdAt, source);
  return {
    ...instanceOf(capture, secondaryCapture),
    Modality: 'OT',
    ConversionType: 'WSD',
    SeriesInstanceUID: capture.seriesInstanceUID,
    SeriesNumber: capture.seriesNumber,
    SeriesDate: created.date,
    SeriesTime: created.time,
    SeriesDescription: 'AI heat map (unverified)',
    // Analysed as a chest; an unpaired part needs no Laterality.
    BodyPartExamined: 'CHEST',
    ...equipment(legalIdentity(capture.algorithm)),
    InstanceNumber: capture.instanceNumber,
    PatientOrientation: textsOf(source, 'PatientOrientation').length > 0 ? ['L', 'F'] : '',
    ContentDate: created.date,
    ContentTime: `${created.time}${fractionOf(capture.createdAt)}`,
    ImageType: ['DERIVED', 'SECONDARY'],
    ImageComments: `${notice} Colour shows where the network looked, not where disease is.`,
    DerivationDescription:
      `${finding.concept.meaning} ${probabilityPercent(finding)} %: gradient-weighted class activation map in colour over the source image; ${capture.input}`.slice(
        0,
        1024,
      ),
    DerivationCodeSequence: [codeItem(codes.gradientWeightedClassActivation)],
    SourceImageSequence: [
      {
        ReferencedSOPClassUID: image.sopClassUID,
        ReferencedSOPInstanceUID: image.sopInstanceUID,
        ...(image.frameNumber === undefined ? {} : { ReferencedFrameNumber: image.frameNumber }),
        PurposeOfReferenceCodeSequence: [codeItem(codes.sourceImageForProcessing)],
      },
    ],
    BurnedInAnnotation: 'YES',
    ...lossyCompression(source),
    SamplesPerPixel: 3,
    PhotometricInterpretation: 'RGB',
    PlanarConfiguration: 0,
    Rows: picture.height,
    Columns: picture.width,
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
    PixelRepresentation: 0,
    // Of even length (PS3.5 §8.1.1).
    PixelData: evenLength(picture.values),
  };
}

function evenLength(values: Uint8Array): Uint8Array {
  if (values.length % 2 === 0) return values;
  const padded = new Uint8Array(values.length + 1);
  padded.set(values);
  return padded;
}

/** A lossy compression in the past remains recorded (PS3.3 C.7.6.1.1.5). */
function lossyCompression(source: DataSet): DataSet {
  if (textOf(source, 'LossyImageCompression') !== '01') return { LossyImageCompression: '00' };
  const ratios = numbersOf(source, 'LossyImageCompressionRatio');
  const methods = textsOf(source, 'LossyImageCompressionMethod').map((one) => legalString(one, 16));
  return {
    LossyImageCompression: '01',
    ...(ratios.length > 0 ? { LossyImageCompressionRatio: ratios } : {}),
    ...(methods.length > 0 ? { LossyImageCompressionMethod: methods } : {}),
  };
}

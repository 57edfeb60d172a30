import sharp from 'sharp';
import { numberOf, textOf, textsOf, itemsOf, type DataSet } from '../../dicom/data-set.js';
import { readPart10 } from '../../dicom/part10.js';
import type { SeriesInstanceUID, SOPInstanceUID, StudyInstanceUID } from '../../dicom/uid.js';
import { Fault } from '../../errors.js';
import { plainText } from '../../lib/plain-text.js';
import type { Preview } from '../../pixels/preview.js';
import type { DicomWeb } from '../../dicomweb/client.js';
import type { Picture } from '../ports.js';
import type { ShownHeatMap, ShownImage, ShownPatient, ShownRegion } from '../page-types.js';
import { shownRegions } from './shown-regions.js';
import { isOwnDocument } from '../../sr/own-document.js';
import type { ImageReader } from '../../serving/image-reader.js';

/** More images of a study are not listed: the viewer is there for them. */
const maxImages = 400;

/** What the page needs of the PACS. */
export interface PagePacs {
  readonly dicomWeb: Pick<DicomWeb, 'retrieveStudyMetadata' | 'retrieveInstance' | 'searchForStudies'>;
}

export interface StudyInPacs {
  readonly patient: ShownPatient;
  readonly images: readonly ShownImage[];
  readonly heatMaps: readonly ShownHeatMap[];
  readonly regions: readonly ShownRegion[];
  /** One of the images, with all its attributes. */
  readonly image: DataSet | undefined;
}

/** A study as the page shows it, out of its metadata. @throws Fault pacs-not-found and the other faults of the PACS */
export async function studyInPacs(study: StudyInstanceUID, { dicomWeb }: PagePacs): Promise<StudyInPacs> {
  const instances = await dicomWeb.retrieveStudyMetadata(study);
  const [first] = instances;
  if (!first) throw new Fault('pacs-not-found', 'the study has no instance', { studyInstanceUID: study });
  const images = instances.filter((one) => !isOwnDocument(one) && (numberOf(one, 'Rows') ?? 0) > 0);
  const heatMaps = instances.filter((one) => isOwnDocument(one) && textOf(one, 'Modality') === 'OT');
  return {
    patient: patientOf(first, [...new Set(images.map((one) => textOf(one, 'Modality') ?? ''))]),
    images: images.slice(0, maxImages).map((one) => ({
      ...place(one),
      modality: lineOf(one, 'Modality'),
      view: lineOf(one, 'ViewPosition'),
      description: lineOf(one, 'SeriesDescription'),
      frames: numberOf(one, 'NumberOfFrames') ?? 1,
    })),
    heatMaps: heatMaps.map((one) => {
      const item = itemsOf(one, 'SourceImageSequence').find((candidate) => textOf(candidate, 'ReferencedSOPInstanceUID') !== undefined);
      const source = item && textOf(item, 'ReferencedSOPInstanceUID');
      const frame = item && numberOf(item, 'ReferencedFrameNumber');
      return {
        ...place(one),
        title: lineOf(one, 'DerivationDescription').split(':')[0]!,
        ...(source ? { sourceSopInstanceUID: source } : {}),
        ...(frame !== undefined && frame >= 1 ? { sourceFrame: Math.floor(frame) } : {}),
      };
    }),
    regions: shownRegions(instances),
    image: images[0],
  };
}

/** Longer than any of these attributes may be (PS3.5 §6.2: PN 3 × 64, LO 64); senders keep no rule. */
const maxLineLength = 256;

/** A value as one line of the page. */
function lineOf(dataSet: DataSet, keyword: string): string {
  return plainText(textOf(dataSet, keyword) ?? '', maxLineLength);
}

/** From a study's attributes as QIDO-RS gives them. */
export function patientOf(study: DataSet, modalities = textsOf(study, 'ModalitiesInStudy')): ShownPatient {
  const text = (keyword: string): string => lineOf(study, keyword);
  return {
    name: text('PatientName')
      .split('=')
      .map((group) => group.split('^').filter(Boolean).join(' '))
      .filter(Boolean)
      .join(' · '),
    patientId: text('PatientID'),
    sex: text('PatientSex'),
    birthDate: text('PatientBirthDate'),
    studyDate: text('StudyDate'),
    accessionNumber: text('AccessionNumber'),
    description: text('StudyDescription'),
    modalities: modalities
      .filter((one) => !['SR', 'OT', ''].includes(one))
      .slice(0, 20)
      .map((one) => plainText(one, 16)),
  };
}

/** An image as the network saw it, or a heat map as it was drawn, for a browser. */
export async function pictureOf(
  uids: { readonly study: StudyInstanceUID; readonly series: SeriesInstanceUID; readonly instance: SOPInstanceUID },
  frameNumber: number,
  { dicomWeb }: PagePacs,
  reader: ImageReader,
): Promise<Picture> {
  const bytes = await dicomWeb.retrieveInstance(uids.study, uids.series, uids.instance);
  const file = readPart10(bytes);
  const { dataSet } = file;
  if (isOwnDocument(dataSet)) return heatMapPicture(file);
  const { preview } =
    textOf(dataSet, 'Modality')?.toUpperCase() === 'CT' ? await reader.readCtSlice(bytes, frameNumber) : await reader.readXray(bytes);
  if (!preview) throw new Fault('pixels-unreadable', 'expected a picture, found none', { sopInstanceUID: uids.instance });
  return { type: 'image/jpeg', bytes: await jpegOf(preview) };
}

async function heatMapPicture({ dataSet, pixelData, transferSyntaxUID }: ReturnType<typeof readPart10>): Promise<Picture> {
  const width = numberOf(dataSet, 'Columns') ?? 0;
  const height = numberOf(dataSet, 'Rows') ?? 0;
  const values = pixelData?.kind === 'native' ? pixelData.bytes : undefined;
  if (!values || values.length < width * height * 3)
    throw new Fault('pixels-unreadable', `expected ${width} × ${height} RGB pixels, found another form (${transferSyntaxUID})`, {
      attribute: 'PixelData',
    });
  const raw = Buffer.from(values.buffer, values.byteOffset, width * height * 3);
  return {
    type: 'image/jpeg',
    bytes: await sharp(raw, { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 90, chromaSubsampling: '4:4:4' })
      .toBuffer(),
  };
}

/** With square pixels. */
export function jpegOf({ width, height, values, pixelAspect }: Preview): Promise<Buffer> {
  const grey = sharp(values, { raw: { width, height, channels: 1 } });
  const square =
    Math.abs(pixelAspect - 1) < 0.01 ? grey : grey.resize(width, Math.max(1, Math.round(height * pixelAspect)), { fit: 'fill' });
  return square.jpeg({ quality: 88 }).toBuffer();
}

function place(instance: DataSet): { readonly seriesInstanceUID: string; readonly sopInstanceUID: string } {
  return { seriesInstanceUID: textOf(instance, 'SeriesInstanceUID') ?? '', sopInstanceUID: textOf(instance, 'SOPInstanceUID') ?? '' };
}

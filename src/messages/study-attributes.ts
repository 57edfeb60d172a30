import { itemsOf, textOf, type DataSet } from '../dicom/data-set.js';
import { proceduresOf } from '../sr/requests.js';
import type { MessagePatient, MessageStudy, PatientAttribute, WritePorts } from './ports.js';

/** What an image states of its study and, as far as a channel may carry it, of the patient. */
export function studyOfImage(
  image: DataSet,
  studyInstanceUID: string,
  patient: readonly PatientAttribute[],
  { procedureReported }: Pick<WritePorts, 'procedureReported'>,
): MessageStudy {
  const requests = [image, ...itemsOf(image, 'RequestAttributesSequence')];
  const ofRequest = (keyword: string): string | undefined => requests.map((one) => textOf(one, keyword)).find((one) => one !== undefined);
  const modality = textOf(image, 'Modality') ?? '';
  const fallback = procedureReported(modality === 'CT' ? 'ct' : 'xray', modality);
  const date = textOf(image, 'StudyDate')?.replaceAll('.', '');
  const time = /^\d{4}(\d\d)?/.exec(textOf(image, 'StudyTime')?.replaceAll(':', '') ?? '')?.[0].padEnd(6, '0');
  const utcOffset = textOf(image, 'TimezoneOffsetFromUTC');
  return {
    studyInstanceUID,
    modality,
    procedure: proceduresOf(image, fallback)[0] ?? fallback,
    patient: patientOf(image, patient),
    ...given('accessionNumber', ofRequest('AccessionNumber')),
    ...given('placerOrderNumber', ofRequest('PlacerOrderNumberImagingServiceRequest')),
    ...given('fillerOrderNumber', ofRequest('FillerOrderNumberImagingServiceRequest')),
    ...(date !== undefined && /^\d{8}$/.test(date) ? { date } : {}),
    ...given('time', time),
    ...(time !== undefined && utcOffset !== undefined && /^[+-]\d{4}$/.test(utcOffset) ? { utcOffset } : {}),
  };
}

function patientOf(image: DataSet, allowed: readonly PatientAttribute[]): MessagePatient {
  const has = (attribute: PatientAttribute, keyword: string): string | undefined =>
    allowed.includes(attribute) ? textOf(image, keyword) : undefined;
  const id = has('id', 'PatientID');
  return {
    ...given('id', id),
    ...(id === undefined ? {} : given('issuer', textOf(image, 'IssuerOfPatientID'))),
    ...given('name', has('name', 'PatientName')),
    ...given('birthDate', has('birthDate', 'PatientBirthDate')),
    ...given('sex', has('sex', 'PatientSex')),
  };
}

function given<Name extends string>(name: Name, value: string | undefined): { readonly [key in Name]?: string } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [key in Name]?: string });
}

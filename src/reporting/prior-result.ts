import { textOf, textsOf, type DataSet } from '../dicom/data-set.js';
import { isUsableUid } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import type { ResultRow } from '../store/results.js';
import { everyStudyRow, type SearchForStudies } from './every-study.js';
import type { FindPrior, PriorResult, ReportPorts } from './ports.js';
import type { ReportContext } from './report-context.js';

/** A patient with more studies has a prior among these. */
const maxStudies = 500;

const projectionRadiographs = ['CR', 'DX'];

/**
 * Looks for the prior result in PACS and index. Nobody is the same patient without a Patient ID, or with another issuer, birth date or
 * sex where both studies state one. An ID that contains a character with a meaning in searches (PS3.4 §C.2.2.2.4) is not searched for.
 */
export function priorSearch(
  search: SearchForStudies,
  currentResults: (studies: readonly string[]) => Promise<readonly ResultRow[]>,
): FindPrior {
  return async ([image]) => {
    const patientId = image && textOf(image, 'PatientID')?.trim();
    if (!image || !patientId || /[*?\\]/.test(patientId) || momentOf(image) === '') return undefined;
    const earlier: DataSet[] = [];
    let seen = 0;
    for await (const rows of everyStudyRow(search, { PatientID: patientId, includefield: 'IssuerOfPatientID' })) {
      earlier.push(...rows.filter((row) => isSamePatient(image, row) && momentOf(row) !== '' && momentOf(row) < momentOf(image)));
      seen += rows.length;
      if (seen >= maxStudies) break;
    }
    const comparable = earlier.filter((row) => hasSameKind(image, row)).sort((a, b) => (momentOf(a) < momentOf(b) ? 1 : -1));
    const uids = comparable.map((row) => textOf(row, 'StudyInstanceUID') ?? '').filter(isUsableUid);
    if (uids.length === 0) return undefined;
    const results = new Map((await currentResults(uids)).map((row) => [row.studyInstanceUID, row]));
    const prior = uids.map((uid) => results.get(uid)).find((row) => row?.outcome === 'reported');
    if (!prior) return undefined;
    const row = comparable.find((one) => textOf(one, 'StudyInstanceUID') === prior.studyInstanceUID)!;
    return {
      studyInstanceUID: prior.studyInstanceUID,
      studyDate: textOf(row, 'StudyDate')!,
      modelVersion: prior.modelVersion ?? undefined,
      findings: prior.findings,
    };
  };
}

/** Study Date and Study Time as one text that sorts by time; empty without a date. */
function momentOf(dataSet: DataSet): string {
  const date = textOf(dataSet, 'StudyDate') ?? '';
  return /^\d{8}$/.test(date) ? `${date} ${textOf(dataSet, 'StudyTime') ?? ''}` : '';
}

function isSamePatient(image: DataSet, row: DataSet): boolean {
  if (textOf(row, 'PatientID')?.trim() !== textOf(image, 'PatientID')?.trim()) return false;
  return ['IssuerOfPatientID', 'PatientBirthDate', 'PatientSex'].every((keyword) => {
    const [one, other] = [textOf(image, keyword)?.trim(), textOf(row, keyword)?.trim()];
    return !one || !other || one === other;
  });
}

/** A finding of a CT is not compared with one of a radiograph. */
function hasSameKind(image: DataSet, row: DataSet): boolean {
  const modality = textOf(image, 'Modality') ?? '';
  const sameKind = projectionRadiographs.includes(modality) ? projectionRadiographs : [modality];
  return textsOf(row, 'ModalitiesInStudy').some((one) => sameKind.includes(one));
}

/** The prior of a study that is reported. It is looked for beside the prediction, and is no step of its own: the durations of steps are added up. */
export function priorOf(
  { considered, study }: ReportContext,
  { findPrior, log }: Pick<ReportPorts, 'findPrior' | 'log'>,
): Promise<PriorResult | undefined> {
  return priorIfFound(findPrior, considered, ({ code }) =>
    log.warn('the prior result could not be looked for', { study: study.studyInstanceUID, code }),
  );
}

/** @returns undefined also if the search fails: no report, page or message waits for a comparison */
export async function priorIfFound(
  findPrior: FindPrior | undefined,
  images: readonly DataSet[],
  onFault?: (fault: Fault) => void,
): Promise<PriorResult | undefined> {
  try {
    return await findPrior?.(images);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    onFault?.(error);
    return undefined;
  }
}

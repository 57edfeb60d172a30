import { numberOf, textOf } from '../../src/dicom/data-set.js';
import type { StudyInstanceUID } from '../../src/dicom/uid.js';
import { expectedResult, type ExpectedArchive, type ExpectedStudy } from './archive-model.js';
import { assessedFinding } from './archive.js';
import { patientsOf, type ObservedStudy } from './read-archive.js';
import type { IndexContent } from './service-process.js';

/*
 * The oracle: docs/reference/events.md as statements about Orthanc and the index once nothing happens any more. It returns sentences,
 * none if everything is as stated.
 */

export interface Observation {
  readonly pacs: ReadonlyMap<StudyInstanceUID, ObservedStudy>;
  readonly index: IndexContent;
}

/** Probabilities of the findings by picture. */
export type KnownPredictions = ReadonlyMap<number, Readonly<Record<string, number>>>;

export interface Expectation {
  readonly archive: ExpectedArchive;
  readonly uidOf: (study: string) => StudyInstanceUID;
  readonly predictions: KnownPredictions;
  /**
   * Studies that were deleted while a fault could interrupt the storing of documents: they may contain the "Not analysed" by which
   * documents that were stored too late are replaced.
   */
  readonly mayHaveLateDocuments: ReadonlySet<string>;
}

export function violationsOf({ pacs, index }: Observation, expectation: Expectation): readonly string[] {
  const { archive, uidOf, mayHaveLateDocuments } = expectation;
  const wrong: string[] = [];
  const expectedUids = new Map([...archive.values()].map((study) => [uidOf(study.name), study]));
  const lateUids = new Set([...mayHaveLateDocuments].map(uidOf));
  for (const [uid, study] of expectedUids) wrong.push(...violationsOfStudy(study, uid, pacs.get(uid), index, expectation));
  for (const [uid, observed] of pacs) {
    if (expectedUids.has(uid)) continue;
    if (!lateUids.has(uid)) wrong.push(`the PACS contains ${uid}, which was deleted: ${describe(observed)}`);
    else wrong.push(...violationsWithoutImages(uid, uid, observed, index, ['no-image']));
  }
  const inPacs = (uid: string): boolean => pacs.has(uid as StudyInstanceUID);
  const gone = <Row extends { readonly study: string }>(what: string, rows: readonly Row[]): void => {
    for (const uid of new Set(rows.map((one) => one.study).filter((one) => !inPacs(one))))
      wrong.push(`the index has ${what} of ${uid}, which the PACS does not contain`);
  };
  gone('a study', index.studies);
  gone('a result', index.results);
  gone('a label', index.labels);
  gone('an assessment', index.assessments);
  for (const { queue, state, key, reason } of index.jobs)
    wrong.push(`a job is left: ${queue} ${key ?? ''} ${state} ${(reason ?? '').slice(0, 300)}`);
  if (index.auditFlaw !== undefined) wrong.push(`the audit log is damaged: ${index.auditFlaw}`);
  return wrong;
}

function violationsOfStudy(
  study: ExpectedStudy,
  uid: StudyInstanceUID,
  observed: ObservedStudy | undefined,
  index: IndexContent,
  { predictions }: Expectation,
): readonly string[] {
  const { name } = study;
  if (!observed) return study.images.length + study.assessments.length > 0 ? [`${name}: the PACS does not contain the study`] : [];
  if (observed.orthancIds.length > 1) return [`${name}: the PACS contains ${observed.orthancIds.length} studies of this UID`];
  const wrong: string[] = [];
  const expected = expectedResult(study);
  const numbers = observed.images.map((one) => numberOf(one, 'InstanceNumber') ?? 0).sort((a, b) => a - b);
  const expectedNumbers = study.images.map((one) => one.number).sort((a, b) => a - b);
  if (numbers.join() !== expectedNumbers.join())
    wrong.push(`${name}: the PACS contains the images ${numbers.join()} instead of ${expectedNumbers.join()}`);
  const labels = index.labels.filter((one) => one.study === uid).map((one) => `${one.reader} ${one.finding} ${one.decision}`);
  const expectedLabels = study.assessments.map((one) => `${one.reader} ${assessedFinding} ${one.decision}`);
  if (labels.sort().join() !== expectedLabels.sort().join())
    wrong.push(`${name}: the labels are [${labels.join()}] instead of [${expectedLabels.join()}]`);
  if (expected.outcome === 'skipped') {
    // A study of which only hands ever arrived has no document; a report that was there before is replaced.
    return [...wrong, ...violationsWithoutImages(name, uid, observed, index, expected.codes)];
  }
  const row = currentRow(name, uid, index, wrong);
  const current = observed.documents.current.filter((one) => one.kind === 'text');
  const [text] = current;
  if (current.length !== 1 || !text) return [...wrong, `${name}: ${current.length} current text reports instead of 1`];
  if (text.report.outcome.kind !== 'reported')
    return [...wrong, `${name}: the current report states ${JSON.stringify(text.report.outcome)}`];
  const frontal = new Set(study.images.filter((one) => one.kind === 'frontal').map((one) => one.number));
  const restsOn = observed.images
    .filter((one) => frontal.has(numberOf(one, 'InstanceNumber') ?? 0))
    .map((one) => textOf(one, 'SOPInstanceUID')!);
  const evidence = text.report.evidence.map((one) => String(one.sopInstanceUID));
  if (evidence.sort().join() !== restsOn.sort().join())
    wrong.push(`${name}: the report rests on [${evidence.join()}], the study contains [${restsOn.join()}]`);
  const found = Object.fromEntries((row?.findings ?? []).map((one) => [one.name, one.probability]));
  wrong.push(...violationsOfFindings(name, found, expected.pictures, predictions));
  const uids = new Set(row?.documents.map((one) => one.sopInstanceUID));
  if (row && (row.outcome !== 'reported' || !uids.has(text.reference.sopInstanceUID)))
    wrong.push(
      `${name}: the index states ${row.outcome} with [${[...uids].join()}], the current report is ${text.reference.sopInstanceUID}`,
    );
  for (const { reference } of observed.documents.current)
    if (!uids.has(reference.sopInstanceUID)) wrong.push(`${name}: the current document ${reference.sopInstanceUID} is not in the index`);
  const documents = observed.instances.filter((one) => uids.has(textOf(one, 'SOPInstanceUID') ?? ''));
  if (documents.length !== uids.size)
    wrong.push(`${name}: ${documents.length} of the ${uids.size} documents of the result are in the PACS`);
  const patients = patientsOf([...documents, ...observed.images]);
  if (patients.length > 1) wrong.push(`${name}: images and current documents name the patients ${patients.join(' and ')}`);
  if (
    text.report.findings.some((one) => one.decision === 'present') &&
    observed.documents.current.filter((one) => one.kind === 'measurement').length !== 1
  )
    wrong.push(`${name}: not one current measurement report beside a finding that is present`);
  return wrong;
}

function violationsWithoutImages(
  name: string,
  uid: StudyInstanceUID,
  observed: ObservedStudy,
  index: IndexContent,
  codes: readonly string[],
): readonly string[] {
  const wrong: string[] = [];
  const current = observed.documents.current.filter((one) => one.kind === 'text');
  const mustHave = codes.includes('lateral-only') || observed.documents.all.length > 0 ? 1 : 0;
  if (current.length !== mustHave) wrong.push(`${name}: ${current.length} current text reports instead of ${mustHave} ("Not analysed")`);
  for (const { report, reference } of observed.documents.current)
    if (report.outcome.kind !== 'skipped' || !codes.includes(report.outcome.code))
      wrong.push(
        `${name}: the current document ${reference.sopInstanceUID} states ${JSON.stringify(report.outcome)} instead of ${codes.join(' or ')}`,
      );
  const row = currentRow(name, uid, index, wrong);
  if (row && (row.outcome !== 'skipped' || !codes.includes(row.code ?? '')))
    wrong.push(`${name}: the index states ${row.outcome} ${row.code ?? ''} instead of skipped ${codes.join(' or ')}`);
  return wrong;
}

function currentRow(name: string, uid: string, index: IndexContent, wrong: string[]): IndexContent['results'][number] | undefined {
  const rows = index.results.filter((one) => one.study === uid && one.isCurrent);
  if (rows.length !== 1) wrong.push(`${name}: ${rows.length} current results in the index instead of 1`);
  const state = index.studies.find((one) => one.study === uid)?.state;
  if (state !== 'done') wrong.push(`${name}: the state in the index is ${state ?? 'unknown'} instead of done`);
  return rows[0];
}

/** Of several images the highest probability of each finding is that of the study. */
function violationsOfFindings(
  name: string,
  found: Readonly<Record<string, number>>,
  pictures: readonly number[],
  predictions: KnownPredictions,
): readonly string[] {
  if (Object.keys(found).length === 0) return [`${name}: the result has no findings`];
  const known = pictures.map((one) => predictions.get(one)!);
  const expected = Object.fromEntries(
    Object.keys(found).map((finding) => [finding, Math.max(...known.map((one) => one[finding] ?? Number.NaN))]),
  );
  if (isSame(expected, found)) return [];
  return [`${name}: the findings ${JSON.stringify(found)} are not those of the pictures ${pictures.join()}: ${JSON.stringify(expected)}`];
}

/** Documents state probabilities with fewer digits than the network gives, and an adopted result has them from its documents. */
const tolerance = 0.002;

const isSame = (one: Readonly<Record<string, number>>, other: Readonly<Record<string, number>>): boolean =>
  Object.keys(one).length === Object.keys(other).length &&
  Object.entries(one).every(([finding, probability]) => Math.abs(probability - (other[finding] ?? Number.NaN)) <= tolerance);

const describe = ({ images, documents, readers }: ObservedStudy): string =>
  `${images.length} images, ${documents.all.length} reports, ${readers.length} assessments`;

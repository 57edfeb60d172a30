import type { StudyInstanceUID } from '../dicom/uid.js';
import { textOf, type DataSet } from '../dicom/data-set.js';
import { Fault } from '../errors.js';
import { tagsOf } from '../monitoring/study-statistics.js';
import { applyRules, imagesIn } from '../reporting/choose-images.js';
import type { StoryPorts } from '../reporting/ports.js';
import { patientIdentifier } from '../retraining/patient-identifier.js';
import type { TrainingPatients } from '../retraining/training-patients.js';
import type { ResultRow } from '../store/results.js';
import type { ShadowRow } from '../store/shadow-results.js';
import type { Store } from '../store/store.js';
import type { TrialGroups } from '../store/trials.js';

export interface TrialStudyPorts extends Pick<StoryPorts, 'studies' | 'pacs' | 'settings' | 'siteOf'> {
  readonly store: Pick<Store, 'results' | 'shadow' | 'studies' | 'trials'>;
  trainingPatients(version: string): Promise<TrainingPatients>;
}

/**
 * Records what versions predicted for a study of a silent trial, with the groups that its images state. May be repeated. Of the patient
 * it contains a keyed hash, the sex and the age in steps of twenty years.
 *
 * @param versions whose predictions the report compares
 * @returns false if the study was deleted
 * @throws Fault if the PACS or the database is out of order
 */
export async function recordTrialStudy(
  backfillId: number,
  studyInstanceUID: string,
  versions: readonly string[],
  { studies, pacs, settings, siteOf, store, trainingPatients }: TrialStudyPorts,
): Promise<boolean> {
  const [current, predictions, known] = await Promise.all([
    store.results.currentResult(studyInstanceUID),
    store.shadow.ofStudy(studyInstanceUID),
    store.studies.find(studyInstanceUID),
  ]);
  const rows = versions.flatMap((version) => latestOf(version, predictions, current) ?? []);
  if (rows.length === 0) return true;
  const [orthancId] = await studies.findStudies(studyInstanceUID);
  if (orthancId === undefined) return false;
  const metadata = await unlessGone(() => pacs.retrieveStudyMetadata(studyInstanceUID as StudyInstanceUID));
  const all = imagesIn(metadata ?? []);
  if (all.length === 0) return false;
  const arrival = { callingAeTitle: known?.remoteAet ?? undefined, calledAeTitle: known?.calledAet ?? undefined };
  const considered = applyRules(metadata ?? [], { arrival }, settings).images?.considered ?? all;
  for (const { modelVersion, outcome, findings, championFindings } of rows) {
    const { hashOf, trainedOn } = await trainingPatients(modelVersion);
    const patient = hashOf(patientIdentifier(considered[0]!, studyInstanceUID));
    await store.trials.record({
      backfillId,
      studyInstanceUID,
      modelVersion,
      orthancId,
      outcome,
      findings,
      reportedFindings: championFindings,
      patientKey: patient,
      groups: trialGroupsOf(considered, siteOf),
      isKnownToModel: trainedOn ? trainedOn.has(patient) : null,
    });
  }
  return true;
}

/** Of the images of the current result, else the last one. */
function latestOf(version: string, predictions: readonly ShadowRow[], current: ResultRow | undefined): ShadowRow | undefined {
  const own = predictions.filter((row) => row.modelVersion === version);
  return (
    own.find((row) => row.inputKey === current?.inputKey) ?? [...own].sort((a, b) => b.predictedAt.getTime() - a.predictedAt.getTime())[0]
  );
}

/** @param images that were analysed, at least one */
export function trialGroupsOf(images: readonly DataSet[], siteOf: TrialStudyPorts['siteOf']): TrialGroups {
  const tags = images.map(tagsOf);
  const first = tags[0]!;
  const scanner = [first['Manufacturer'], first['ManufacturerModelName']].filter((one) => one !== undefined).join(' ');
  const views = [...new Set(tags.flatMap((one) => one['ViewPosition'] ?? []))].sort().join(' + ');
  const sex = textOf(images[0]!, 'PatientSex')?.toUpperCase();
  const age = first['PatientAge'];
  return {
    ...(siteOf ? { site: siteOf(images[0]!) } : {}),
    ...(scanner === '' ? {} : { scanner }),
    ...(views === '' ? {} : { view: views }),
    ...(sex !== undefined && ['F', 'M', 'O'].includes(sex) ? { sex } : {}),
    ...(age === undefined ? {} : { age }),
  };
}

async function unlessGone<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Fault && error.code === 'pacs-not-found') return undefined;
    throw error;
  }
}

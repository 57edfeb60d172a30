import type { StudyInstanceUID } from '../dicom/uid.js';
import type { OwnDocument, OwnDocuments } from './own-documents.js';
import type { StudyQueue } from './ports.js';

/** The current text reports of a study; more than one if reports of another study were moved into it. */
export function currentReports({ current }: Pick<OwnDocuments, 'current'>): readonly OwnDocument[] {
  return current.filter(({ kind }) => kind === 'text');
}

export interface ReportAgainPorts {
  readonly studies: { forgetContent(studyInstanceUID: string): Promise<void> };
  readonly queue: Pick<StudyQueue, 'intake'>;
  findStudies(study: StudyInstanceUID): Promise<readonly string[]>;
}

/** Queues a study as if its images were new: its result replaces every report that is current. */
export async function reportAgain(study: StudyInstanceUID, { studies, queue, findStudies }: ReportAgainPorts): Promise<void> {
  const found = await findStudies(study);
  await studies.forgetContent(study);
  for (const pacsStudyId of found) await queue.intake({ pacsStudyId });
}

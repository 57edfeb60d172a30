import type { StudyInstanceUID } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import type { OrthancClient } from '../orthanc/client.js';
import { forgetStudy, type ForgetParts } from './forget-study.js';

/** These say nothing about a study. */
export const surroundings = [
  'pacs-unreachable',
  'pacs-unauthorized',
  'database-unavailable',
  'disk-full',
  'destination-unavailable',
] as const;

/** Work on a study that was deleted meanwhile has not failed: nothing is left to do. @returns undefined then */
export async function unlessGone<Outcome>(
  studyInstanceUID: string,
  parts: ForgetParts & { readonly orthanc: Pick<OrthancClient, 'findStudies'> },
  work: () => Promise<Outcome>,
): Promise<Outcome | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Fault) || surroundings.some((code) => code === error.code)) throw error;
    const held = await parts.orthanc.findStudies(studyInstanceUID as StudyInstanceUID).catch(() => undefined);
    if (held === undefined || held.length > 0) throw error;
    await forgetStudy(studyInstanceUID, parts);
    return undefined;
  }
}

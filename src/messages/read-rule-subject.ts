import { textOf, textsOf } from '../dicom/data-set.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import { Fault } from '../errors.js';
import { isAboutStudy } from '../sr/own-document.js';
import type { ResultRow } from '../store/results.js';
import { readsImages, type RuleSubject } from './message-rules.js';
import type { PlanPorts } from './ports.js';

/** What the rules see of a result; the PACS is asked only if a rule reads attributes of the images. @returns undefined if the study was deleted */
export async function readRuleSubject(result: ResultRow, { pacs, settings, timeZone }: PlanPorts): Promise<RuleSubject | undefined> {
  const { outcome, findings, createdAt, studyInstanceUID } = result;
  const stated = { outcome, findings, createdAt, timeZone };
  if (!settings.rules.some(readsImages)) return { ...stated, sites: [], studyDate: undefined };
  try {
    const images = (await pacs.retrieveStudyMetadata(studyInstanceUID as StudyInstanceUID)).filter((one) => !isAboutStudy(one));
    const sites = images.flatMap((one) => [...textsOf(one, 'InstitutionName'), ...textsOf(one, 'StationName')]).filter((one) => one !== '');
    return {
      ...stated,
      sites: [...new Set(sites)],
      studyDate: images.map((one) => textOf(one, 'StudyDate')).find((one) => one !== undefined),
    };
  } catch (error) {
    if (error instanceof Fault && error.code === 'pacs-not-found') return undefined;
    throw error;
  }
}

import { applyRules } from './choose-images.js';
import type { Analysis } from './analysis.js';
import type { ReportPorts, StudyToReport } from './ports.js';
import { predictImages } from './predict-images.js';
import { Stopwatch } from './stopwatch.js';
import { inputOf } from './study-input.js';

/** Predictions for a study that the rules take; nothing is written. @returns undefined if no rule takes it */
export async function predictStudy(
  study: StudyToReport,
  { pacs, reader, model, settings, siteOf }: ReportPorts,
): Promise<{ readonly inputKey: string; readonly analysis: Analysis } | undefined> {
  const { studyInstanceUID } = study;
  const { images } = applyRules(await pacs.retrieveStudyMetadata(studyInstanceUID), study, settings);
  if (!images) return undefined;
  const { inputKey } = await inputOf(studyInstanceUID, images.considered, pacs);
  return { inputKey, analysis: await predictImages(images, { model: model(), reader }, pacs, new Stopwatch(), siteOf) };
}

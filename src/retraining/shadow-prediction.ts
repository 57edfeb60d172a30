import { predictStudy } from '../reporting/predict-study.js';
import type { FindingPrediction } from '../serving/model.js';
import type { ReportPorts, StudyToReport } from '../reporting/ports.js';

/** What a challenger says of a study that the champion has reported. */
export interface ShadowPrediction {
  /** Hash of the images it rests on: comparable with a result of the same only. */
  readonly inputKey: string;
  readonly outcome: 'reported' | 'skipped';
  readonly findings: readonly Pick<FindingPrediction, 'name' | 'probability' | 'decision'>[];
}

/**
 * A challenger judges a study as the champion did, and nothing of it is written to the PACS.
 *
 * @param tools with the challenger as model, and a reader of its size
 * @returns undefined if the rules pass the study over
 * @throws Fault when it could not be done
 */
export async function predictInShadow(study: StudyToReport, tools: ReportPorts): Promise<ShadowPrediction | undefined> {
  const judged = await predictStudy(study, tools);
  if (!judged) return undefined;
  const { inputKey, analysis } = judged;
  return {
    inputKey,
    outcome: analysis.skip ? 'skipped' : 'reported',
    findings: analysis.findings.map(({ name, probability, decision }) => ({ name, probability, decision })),
  };
}

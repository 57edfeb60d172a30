import type { ReportPorts, StudyToReport } from '../reporting/ports.js';
import { predictStudy } from '../reporting/predict-study.js';
import type { FindingPrediction } from '../serving/model.js';

/** What a challenger predicts for a study that the champion has reported. */
export interface ShadowPrediction {
  /** Hash of the images that it is based on: it is comparable only with a result of the same images. */
  readonly inputKey: string;
  readonly outcome: 'reported' | 'skipped';
  readonly findings: readonly Pick<FindingPrediction, 'name' | 'probability' | 'decision'>[];
}

/**
 * A challenger analyses a study as the champion did. Nothing is written to the PACS.
 *
 * @param ports with the challenger as the model and a reader of its input size
 * @returns undefined if no routing rule selects the study
 * @throws Fault if the analysis failed
 */
export async function predictInShadow(study: StudyToReport, ports: ReportPorts): Promise<ShadowPrediction | undefined> {
  const predicted = await predictStudy(study, ports);
  if (!predicted) return undefined;
  const { inputKey, analysis } = predicted;
  return {
    inputKey,
    outcome: analysis.skip ? 'skipped' : 'reported',
    findings: analysis.findings.map(({ name, probability, decision }) => ({ name, probability, decision })),
  };
}

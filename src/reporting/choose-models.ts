import { defaultLine } from '../lib/model-line.js';
import type { ImageKind } from '../serving/model.js';
import type { LineModel, StudyModels } from '../serving/study-models.js';
import type { ReportPorts } from './ports.js';

/** The models that predict one study; there is at least one. */
export interface ChosenModels extends StudyModels {
  readonly models: readonly [LineModel, ...LineModel[]];
}

/**
 * The models for a study, by falling precedence: every line's champion that has a network for this kind of image. A version that
 * two lines deploy predicts once. Where none has such a network, the default line's champion states that.
 *
 * @param kind absent where the rules skip the study
 */
export function chooseModels(kind: ImageKind | undefined, ports: Pick<ReportPorts, 'model' | 'reader' | 'models'>): ChosenModels {
  const first: LineModel = { line: defaultLine, model: ports.model(), reader: ports.reader };
  if (kind === undefined || !ports.models) return { models: [first], unavailable: [] };
  const { models, unavailable } = ports.models();
  const [best = first, ...others] = models.filter(
    ({ model }, index) => model.supports(kind) && models.findIndex((other) => other.model.version === model.version) === index,
  );
  return { models: [best, ...others], unavailable };
}

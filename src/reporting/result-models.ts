import type { ResultRow } from '../store/results.js';
import type { SkipCode } from './skip.js';

type ReplaceableResult = Pick<ResultRow, 'outcome' | 'code' | 'modelVersion' | 'findings' | 'otherFindings'>;

/** Skips that another model may decide differently; all others follow from the rules and the images. */
const skipsOfModels: readonly string[] = [
  'not-frontal-chest',
  'not-axial-chest',
  'not-for-this-model',
  'too-few-slices',
] satisfies readonly SkipCode[];

/** Whether an analysis with this model version may find something else than the result: it is by others, and not a skip by the rules. */
export function mayBeReplaced(current: ReplaceableResult | undefined, version: string): boolean {
  if (!current || isResultOf(current, version)) return false;
  return !isSkippedByRules(current);
}

/** Whether the rules or the images alone are the reason why a study was not analysed. */
export function isSkippedByRules({ outcome, code }: Pick<ResultRow, 'outcome' | 'code'>): boolean {
  return outcome === 'skipped' && !skipsOfModels.includes(code ?? '');
}

/** Whether a model version took part in a result. */
export function isResultOf(
  { modelVersion, findings, otherFindings }: Omit<ReplaceableResult, 'outcome' | 'code'>,
  version: string,
): boolean {
  return [modelVersion, ...[...findings, ...otherFindings].map((finding) => finding.modelVersion)].includes(version);
}

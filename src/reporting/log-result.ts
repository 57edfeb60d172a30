import type { Log } from '../log.js';
import type { StudyResult } from './ports.js';

export function logResult(result: StudyResult, log: Log): void {
  const ms = Object.values(result.timings).reduce((sum, one) => sum + one, 0);
  log.info(`study ${result.outcome}`, {
    study: result.studyInstanceUID,
    code: result.code,
    rule: result.rule,
    documents: result.documents.length,
    model: result.modelVersion,
    ms: Math.round(ms),
  });
}

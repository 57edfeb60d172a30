import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { evaluationReportSchema, type EvaluationReport } from '../../evaluation/report/evaluation-report.js';

/** metrics.json: an evaluation report of each network, where training wrote it. A file of another form is not shown. */
export async function metricsIn(directory: string): Promise<Readonly<Record<string, EvaluationReport>>> {
  const text = await readFile(join(directory, 'metrics.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return {};
  try {
    return z.record(z.string(), evaluationReportSchema).parse(JSON.parse(text));
  } catch {
    return {};
  }
}

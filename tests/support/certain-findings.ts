import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/config.js';
import { temporaryDirectory } from './orthanc.js';

/** A copy of config/findings.json by which these findings are present in every image, whatever a model predicts. */
export function certainFindings(...names: readonly string[]): string {
  const config = JSON.parse(readFileSync(join(projectRoot, 'config/findings.json'), 'utf8')) as {
    readonly findings: Record<string, object>;
  };
  for (const name of names) config.findings[name] = { ...config.findings[name], absentBelow: 0, presentFrom: 0 };
  const file = join(temporaryDirectory('findings'), 'findings.json');
  writeFileSync(file, JSON.stringify(config));
  return file;
}

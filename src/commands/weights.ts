import { existsSync } from 'node:fs';
import { loadConfig } from '../config.js';
import { Fault } from '../errors.js';
import { publishedWeights } from '../network/published-weights.js';
import { fetchPublishedWeights, storedFile } from '../registry/stored-weights.js';
import { weightsFolder } from './training-options.js';

/** `weights list`: published weights that are known by name, what they are checked against, and which are here. */
export function listWeights(options: { readonly json: boolean }): void {
  const directory = weightsFolder(loadConfig());
  for (const { name, url, format, about, sha256Prefix } of publishedWeights) {
    const file = storedFile(directory, { name, format });
    const fetched = existsSync(file);
    const checksum = sha256Prefix === undefined ? 'needs --sha256: its publisher states none' : `sha256 ${sha256Prefix.slice(0, 16)}…`;
    console.log(
      options.json
        ? JSON.stringify({ name, url, about, sha256Prefix: sha256Prefix ?? null, file: fetched ? file : null })
        : `${name.padEnd(26)}${fetched ? 'fetched' : '       '}  ${checksum}  ${url}`,
    );
  }
}

/** `weights fetch`: published weights by name, checked, for `train --weights NAME`. */
export async function fetchWeights(
  name: string,
  options: { readonly to?: string; readonly sha256?: string; readonly json: boolean },
): Promise<void> {
  const directory = options.to ?? weightsFolder(loadConfig());
  try {
    const fetched = await fetchPublishedWeights({ name, directory, sha256: options.sha256 });
    const { file, bytes, sha256, verified } = fetched;
    console.log(
      options.json
        ? JSON.stringify(fetched)
        : `${file}: ${(bytes / 1e6).toFixed(1)} MB, sha256 ${sha256}, compared with ${verified}\nTo train from it: train --weights ${options.to === undefined ? name : file}`,
    );
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'download-failed') throw error;
    throw new Fault(
      error.code,
      `${error.detail}; fetch the file where there is a way to it and give it to \`train --weights FILE\``,
      error.subject,
      { cause: error, retryable: error.retryable },
    );
  }
}

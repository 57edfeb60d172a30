import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from './orthanc.js';
import { twoFindingModel } from './two-finding-model.js';

/**
 * The folder of a starter that says `present` from 80 % on, `absent` below 75 %: the one that ships is trained on pictures of patients and suspects pneumonia
 * in most drawn chests, the opaque ones more than the clear ones. For tests of what is written where something is present and where nothing is.
 */
export function cautiousStarter(): string {
  const folder = temporaryDirectory('cautious-starter');
  cpSync(twoFindingModel, folder, { recursive: true });
  const file = join(folder, 'model.json');
  const model = JSON.parse(readFileSync(file, 'utf8')) as {
    networks: { xray: { outputs: { name: string; presentFrom?: number; absentBelow?: number }[] } };
  };
  for (const output of model.networks.xray.outputs)
    if (output.name === 'pneumonia') Object.assign(output, { absentBelow: 0.75, presentFrom: 0.8 });
  writeFileSync(file, JSON.stringify(model));
  return folder;
}

import { importDataset } from '../../src/dataset/import-dataset.js';
import { openDatasetFolder } from '../../src/dataset/manifest.js';
import type { ExampleSource } from '../../src/dataset/example.js';
import { blotchPng, writePictureSet } from './picture-set.js';

/** A data set that can be learned in seconds: half of the patients have a bright disc. Two images a patient, two sources. */
export async function discSet(folder: string, patients = 40): Promise<{ readonly directory: string; readonly source: ExampleSource }> {
  const pictures: Record<string, Buffer> = {};
  const rows: string[] = [];
  for (let patient = 0; patient < patients; patient++) {
    for (const image of ['a', 'b']) {
      const bright = patient % 2 === 1;
      const name = `${patient}${image}.png`;
      pictures[name] = await blotchPng(name, { bright });
      rows.push(`${patient},${bright ? 'Disc' : 'No Finding'},${name},PA,${patient % 4 < 2 ? 'north' : 'south'}`);
    }
  }
  const set = await writePictureSet(folder, `patientid,finding,filename,view,source\n${rows.join('\n')}\n`, pictures);
  await importDataset(set);
  return { directory: set.out, source: await openDatasetFolder(set.out) };
}

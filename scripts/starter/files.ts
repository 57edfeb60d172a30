import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { decodeText, parseCells } from '../../src/dataset/csv-cells.js';
import { readPart10 } from '../../src/dicom/part10.js';
import type { Engine } from '../../src/engine/engine.js';
import { assessImage } from '../../src/evaluation/decide-findings.js';
import { Fault } from '../../src/errors.js';
import { presentCtSlice } from '../../src/pixels/ct/present-ct-slice.js';
import { lungWindow } from '../../src/pixels/window.js';
import { checkFrontal } from '../../src/pixels/xray/frontal-check.js';
import type { GreyImage } from '../../src/pixels/image.js';
import { networkInput } from '../../src/pixels/network-input.js';
import { presentXray } from '../../src/pixels/xray/xray.js';
import type { ModelVersion } from '../../src/registry/model-version.js';
import type { Figures } from './figures-file.js';
import { grouped, rounded } from './measure.js';

type FileRow = Figures['files'][number];

/** What each network says of the DICOM files of NEMA WG04, which nothing was trained on: one row a picture, however many files hold it. */
export async function predictFiles(data: string, model: ModelVersion, engine: Engine): Promise<readonly FileRow[]> {
  const index = join(data, 'dicom', 'index.csv');
  const [heading, ...rows] = parseCells(decodeText(await readFile(index)).text, index);
  const place = (name: string): number => heading!.cells.indexOf(name);
  const files = rows
    .map(({ cells }) => cells)
    .filter((cells) => cells[place('path')]!.includes('WG04') && Number(cells[place('rows')]) >= 32);
  const pictures = grouped(files, (cells) => basename(cells[place('path')]!).split('_')[0]!);
  const result: FileRow[] = [];
  for (const kind of ['xray', 'ct'] as const) {
    const served = model.networks[kind]!;
    const predictor = await engine.load(served.network);
    for (const [name, group] of [...pictures].sort(([one], [other]) => (one < other ? -1 : 1))) {
      const answers: { accepted: boolean; findings: Record<string, number> }[] = [];
      for (const cells of group) {
        const image = await shown(join(data, 'dicom', cells[place('path')]!), kind === 'ct' && cells[place('modality')] === 'CT');
        if (!image) continue;
        const { channels, height, width } = served.input;
        const prediction = await predictor.predict({ data: networkInput(image, served.input), batch: 1, channels, height, width });
        const { gate, findings } = assessImage(prediction, 0, served);
        const frontal = kind === 'xray' ? checkFrontal(image).refusal : undefined;
        answers.push({
          accepted: gate.accepted && frontal === undefined,
          findings: Object.fromEntries(findings.map(({ output, probability }) => [served.outputs[output]!.name, probability])),
        });
      }
      const [first] = answers;
      if (first)
        result.push({
          name,
          files: answers.length,
          network: kind,
          accepted: answers.filter(({ accepted }) => accepted).length,
          findings: first.findings,
        });
    }
    await predictor.release();
  }
  return rounded(result);
}

async function shown(file: string, asCt: boolean): Promise<GreyImage | undefined> {
  try {
    const part10 = readPart10(await readFile(file));
    return asCt ? (await presentCtSlice(part10, lungWindow)).image : (await presentXray(part10)).image;
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

import type { StudyInstanceUID } from '../dicom/uid.js';
import { chestPhantom, type StoredPixels } from './chest-phantom.js';
import { crFile, sampleStudyUid, type SampleIdentity } from './sample-file.js';
import { between, textSeeded } from '../lib/seeded-random.js';

export interface LoadStudy {
  readonly studyInstanceUID: StudyInstanceUID;
  readonly files: readonly Uint8Array[];
}

/**
 * Many frontal chest studies for load tests, cheaply: one phantom for each fifty, shifted and brightened a little, so that no two
 * studies have the same pixels. Made one at a time, so that a thousand need not lie in memory.
 */
export function* sampleLoad(
  count: number,
  seed: string,
  size: { readonly rows: number; readonly columns: number } = { rows: 2500, columns: 2048 },
): Generator<LoadStudy> {
  let phantom: StoredPixels | undefined;
  for (let index = 0; index < count; index++) {
    if (index % 50 === 0) phantom = chestPhantom({ seed: `${seed} ${index}`, ...size });
    const identity: SampleIdentity = {
      seed: `${seed} load ${index}`,
      patientName: `PHANTOM^LOAD${index}`,
      patientID: `PHANTOM-L${index}`,
      sex: 'M',
    };
    yield {
      studyInstanceUID: sampleStudyUid(identity),
      files: [crFile(identity, varied(phantom!, identity.seed), { bodyPart: 'CHEST', view: 'PA' })],
    };
  }
}

/** Shifted by up to six pixels each way and up to 3 % brighter or darker. */
function varied(pixels: StoredPixels, seed: string): StoredPixels {
  const random = textSeeded(`varied ${seed}`);
  const down = Math.round(between(random, -6, 6)),
    across = Math.round(between(random, -6, 6)),
    gain = between(random, 0.97, 1.03);
  const max = 2 ** pixels.bitsStored - 1,
    { rows, columns } = pixels;
  const values = new Uint16Array(rows * columns);
  for (let row = 0, at = 0; row < rows; row++) {
    const from = Math.min(rows - 1, Math.max(0, row + down)) * columns;
    for (let column = 0; column < columns; column++, at++) {
      values[at] = Math.min(max, pixels.values[from + Math.min(columns - 1, Math.max(0, column + across))]! * gain);
    }
  }
  return { ...pixels, values };
}

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../src/config.js';
import { importDataset } from '../../src/dataset/import-dataset.js';
import { openDatasetFolder } from '../../src/dataset/manifest.js';
import { hammingDistance, hashWords, nearDuplicateBits } from '../../src/dataset/perceptual-hash.js';

/** In the first set patients are groups of near-duplicates, found by others in another way; in the second one image is one patient's. */
const sets = ['covid-radiography-covid', 'nih-mixed-findings'];

/** How many pairs of radiographs the perceptual hash takes for near-duplicates, at which distance. Needs the sets in ../shared/data. */
export async function bench(): Promise<void> {
  const root = join(projectRoot, '../shared/data');
  for (const set of sets) {
    const from = join(root, set);
    if (!existsSync(from)) {
      console.log(`not run: no picture set in ${from}`);
      continue;
    }
    const out = mkdtempSync(join(tmpdir(), 'bench-near-duplicates-'));
    await importDataset({ metadata: join(from, 'metadata.csv'), images: join(from, 'images'), out });
    const { examples } = await openDatasetFolder(out);
    rmSync(out, { recursive: true, force: true });
    const words = examples.map(({ perceptualHash }) => hashWords(perceptualHash!));
    const pairs = { same: [] as number[], other: [] as number[] };
    for (let i = 0; i < words.length; i++) {
      for (let j = i + 1; j < words.length; j++) {
        const distance = hammingDistance(words[i]!, words[j]!);
        (examples[i]!.patient === examples[j]!.patient ? pairs.same : pairs.other).push(distance);
      }
    }
    const within = (distances: readonly number[], bits: number): number => distances.filter((distance) => distance <= bits).length;
    console.log(
      `${set}: ${examples.length} images\n| bits that differ | of ${pairs.same.length} pairs of one group | of ${pairs.other.length} other pairs |\n|---|---|---|`,
    );
    for (const bits of [8, 16, 24, nearDuplicateBits, 40, 48, 64])
      console.log(
        `| at most ${bits}${bits === nearDuplicateBits ? ' (used)' : ''} | ${within(pairs.same, bits)} | ${within(pairs.other, bits)} |`,
      );
  }
}

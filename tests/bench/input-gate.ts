import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openAnalyser } from '../../src/service/open-analyser.js';
import { loadConfig, projectRoot } from '../../src/config.js';
import { silentLog } from '../../src/log.js';
import { readPicture } from '../../src/pixels/picture.js';

const picturesPerSet = 120;

export const title = 'The two input checks of X-rays';

/**
 * Of published chest X-ray sets, how many pictures each of the two guards refuses. Needs the sets in ../shared/data; says so
 * where they are not. Most of the pictures were seen in training or in making the mean chest: this is coverage, not proof.
 */
export async function bench(): Promise<void> {
  const root = join(projectRoot, '../shared/data');
  if (!existsSync(root)) {
    console.log(`not run: no picture sets in ${root}`);
    return;
  }
  const analyser = await openAnalyser(loadConfig({}), silentLog);
  console.log('| set | pictures | refused by the mean chest | by the network | by either |\n|---|---|---|---|---|');
  for (const set of readdirSync(root).filter((name) => existsSync(join(root, name, 'metadata.csv')) && !name.includes('-ct-'))) {
    const files = readdirSync(join(root, set, 'images'), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(png|jpe?g)$/i.test(name))
      .sort();
    const step = Math.max(1, Math.floor(files.length / picturesPerSet));
    const refusals: string[] = [];
    for (let index = 0; index < files.length; index += step) {
      const image = await readPicture(readFileSync(join(root, set, 'images', files[index]!)));
      refusals.push((await analyser.model.predictXrays([image]))[0]!.refusal ?? '');
    }
    const count = (pattern: RegExp): number => refusals.filter((one) => pattern.test(one)).length;
    console.log(`| ${set} | ${refusals.length} | ${count(/mean chest/)} | ${count(/does not look|unlike/)} | ${count(/./)} |`);
  }
  await analyser.close();
}

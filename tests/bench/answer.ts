import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UploadAnswers } from '../../src/app/page-answer.js';
import { openAnalyser } from '../../src/app/start-service.js';
import { loadConfig } from '../../src/config.js';
import { silentLog } from '../../src/log.js';
import { sampleLoad } from '../../src/samples/sample-load.js';
import { spread } from './median.js';

const repeats = 10;

/** A 2500 × 2048 CR that somebody drops on the page: from the file on disk to the answer with picture and colours. */
export async function bench(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'chest-ai-answer-'));
  const analyser = await openAnalyser({ ...loadConfig({}), dataDir: directory }, silentLog);
  try {
    const { files } = [...sampleLoad(1, 'answer')][0]!;
    const file = join(directory, 'cr.dcm');
    await writeFile(file, files[0]!);
    const answers = new UploadAnswers({ reader: analyser.reader, model: () => analyser.model, settings: analyser.settings, clock: { now: () => new Date() }, log: silentLog });
    const waits: number[] = [];
    for (let repeat = 0; repeat < repeats; repeat++) {
      const started = performance.now();
      await answers.answer(file, 'cr.dcm');
      waits.push(performance.now() - started);
    }
    const [first, ...warm] = waits;
    console.log(`answer for a dropped 2500 × 2048 CR: first ${first!.toFixed(0)} ms, then ${spread(warm)}`);
  } finally {
    await analyser.close();
    await rm(directory, { recursive: true, force: true });
  }
}

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertShape, chestAi, objects, type Analyzed } from '../support/chest-ai-command.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { startTestService } from '../support/service.js';
import { tinyImage } from '../support/tiny-image.js';

describe('results beside a real Orthanc', () => {
  const pacs = useOrthanc();

  test('results: what the index holds, newest first; also beside a running service', async () => {
    const dataDir = temporaryDirectory('results');
    // Not what the tests before have sent; and so only after the first look at the PACS.
    const service = await startTestService(pacs.orthanc, { dataDir, orthanc: { analyseArchive: false } });
    const first = chestStudy('results chest');
    const second = tinyImage({ study: 'results hand' }, { BodyPartExamined: 'HAND' });
    const outcomeOf = async (uid: string): Promise<string | undefined> => (await service.store.results.currentResult(uid))?.outcome;
    try {
      await eventually('the first look', async () => assert.ok(await service.store.cursors.read(pacs.orthanc.url)));
      for (const [{ studyInstanceUID }, files, outcome] of [
        [first, first.files, 'reported'],
        [second, [second.bytes], 'skipped'],
      ] as const) {
        await sendByCStore(files, pacs.orthanc);
        await eventually(`a result of ${studyInstanceUID}`, async () => assert.equal(await outcomeOf(studyInstanceUID), outcome), {
          timeoutMs: 60_000,
        });
      }
      const beside = await chestAi(['results'], { DATA_DIR: dataDir });
      assert.equal(beside.code, 0, beside.stderr);
      assert.match(beside.stdout, new RegExp(first.studyInstanceUID));
    } finally {
      await service.stop();
    }
    const json = objects<Analyzed & { srSOPInstanceUID?: string }>(await chestAi(['results', '--json'], { DATA_DIR: dataDir }));
    const ours = json.find((one) => one.studyInstanceUID === first.studyInstanceUID)!;
    assert.equal(ours.outcome, 'reported');
    assert.match(ours.srSOPInstanceUID ?? '', /^2\.25\.\d+$/);
    for (const one of json) assertShape({ ...one, file: '' });
    const hand = json.find((one) => one.studyInstanceUID === second.studyInstanceUID)!;
    assert.deepEqual([hand.outcome, hand.srSOPInstanceUID], ['skipped', undefined]);
    assert.match(hand.reason!, /bodyPart is HAND/);
    assert.ok(json.indexOf(hand) < json.indexOf(ours), 'newest first');
    const one = await chestAi(['results', '--limit', '1'], { DATA_DIR: dataDir });
    assert.equal(one.lines.length, 1);
    assert.ok(one.lines[0]!.startsWith(`${json[0]!.studyInstanceUID}  ${json[0]!.outcome}`), 'the newest');
    assert.equal((await chestAi(['results'])).stdout, 'No result yet.\n');
  });
});

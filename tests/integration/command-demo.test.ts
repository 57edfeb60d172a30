import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { chestAi } from '../support/chest-ai-command.js';
import { assertNothingRuns, temporaryDirectory } from '../support/orthanc.js';

describe('demo --once', () => {
  after(() => assertNothingRuns());
  test('usability 14: ends with 0 and one line a study, and says that it does not use DATA_DIR', async () => {
    const run = await chestAi(['demo', '--once'], { MODEL_DIR: '', DATA_DIR: temporaryDirectory('demo-unused') }, 150_000);
    assert.equal(run.code, 0, run.stdout + run.stderr);
    assert.match(run.stderr, /DATA_DIR is not used/);
    const lines = run.lines.map((line) => /^(2\.25\.\d+) {2}(reported|skipped) +(.+?) {2}(2\.25\.\d+|no document) {2}\((.*)\)$/.exec(line));
    assert.equal(lines.length, 14, run.stdout);
    assert.ok(
      lines.every((one) => one !== null),
      run.stdout,
    );
    assert.equal(new Set(lines.map((one) => one![1])).size, 14);
    for (const [, , outcome, finding] of lines as RegExpExecArray[])
      if (outcome === 'reported') assert.match(finding!, / \d+(?:\.\d)? % (present|absent|undetermined)$/);
    const phantoms = lines.filter((one) => !/NIH|Hannover/.test(one![5]!));
    assert.equal(phantoms.filter((one) => one![2] === 'reported').length, 5);
    const sick = lines.filter((one) => /radiologists: lung opacity|Hannover/.test(one![5]!));
    assert.deepEqual(
      sick.map((one) => one![3]!.endsWith('present')),
      [true, true, true, true],
    );
    const healthy = lines.filter((one) => /radiologists: normal|CR, clear/.test(one![5]!));
    assert.equal(healthy.length, 4);
    assert.deepEqual(
      healthy.filter((one) => one![3]!.endsWith('present')),
      [],
      'a finding in a radiograph that radiologists read as normal, or in a clear phantom',
    );
  });
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { startService, type RunningService } from '../../src/service/start-service.js';
import { silentLog } from '../../src/log.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { useOrthanc } from '../support/orthanc.js';
import { descendantsOf } from '../support/processes.js';
import { sendByCStore } from '../support/send.js';
import { configFor, eventuallyOneResult } from '../support/service.js';

/** Processes below this one in which onnxruntime computes. */
function engines(): readonly number[] {
  return descendantsOf(process.pid)
    .map(({ pid }) => pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('onnx/process.js');
      } catch {
        return false;
      }
    });
}

describe('D3: an engine that hangs', () => {
  let service: RunningService;
  // Before useOrthanc, which checks at its end that nothing is left running.
  after(() => service.stop());
  const pacs = useOrthanc();
  const health = async (): Promise<{ readonly status: number; readonly ok: boolean }> => {
    const response = await fetch(`${service.url}/health`);
    return { status: response.status, ...((await response.json()) as { ok: boolean }) };
  };

  before(async () => {
    const config = configFor(pacs.orthanc);
    service = await startService(
      { ...config, engine: { ...config.engine, answerTimeoutMs: 12_000, firstAnswerTimeoutMs: 40_000 } },
      silentLog,
    );
  });

  test('the service says so, ends it, and every study has its result from a fresh one', async () => {
    const [first, ...others] = Array.from({ length: 4 }, (_, n) => chestStudy(`engine hung ${n}`));
    await sendByCStore(first!.files, pacs.orthanc);
    await eventuallyOneResult(pacs.dicomWeb, first!.studyInstanceUID);
    assert.deepEqual(await health(), { status: 200, ok: true });

    const [hung] = engines();
    assert.equal(engines().length, 1);
    process.kill(hung!, 'SIGSTOP');
    for (const { files } of others) await sendByCStore(files, pacs.orthanc);
    await eventually('health is not ok', async () => assert.deepEqual(await health(), { status: 503, ok: false }), {
      timeoutMs: 60_000,
      intervalMs: 200,
    });
    for (const { studyInstanceUID } of others) await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID, { timeoutMs: 120_000 });
    assert.ok(!engines().includes(hung!));
    assert.match(service.model.engine.why, /which was lost .*no answer within/);
    await eventually('health is ok again', async () => assert.deepEqual(await health(), { status: 200, ok: true }), { timeoutMs: 30_000 });
    assert.equal((await service.jobs.failedJobs()).length, 0);
  });
});

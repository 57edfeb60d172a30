import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RunningService } from '../../src/service/start-service.js';
import { certainFindings } from '../support/certain-findings.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { startFaultyProxy, type FaultyProxy } from '../support/faulty-proxy.js';
import { useOrthanc } from '../support/orthanc.js';
import { sendByStow } from '../support/send.js';
import { startTestService } from '../support/service.js';

const patience = { timeoutMs: 60_000, intervalMs: 200 };
const putLabel = /^PUT .*\/labels\//;

/** An Orthanc that does not set a label: for a moment, or because it refuses it. */
describe('labels that Orthanc does not set', () => {
  let proxy: FaultyProxy;
  let service: RunningService;
  after(async () => {
    await service?.stop();
    await proxy?.close();
  });
  const pacs = useOrthanc();
  before(async () => {
    proxy = await startFaultyProxy(pacs.orthanc);
    service = await startTestService(pacs.orthanc, {
      url: proxy.url,
      findingsFile: certainFindings('pneumonia'),
      resultLabels: { enabled: true },
      orthanc: { sweepIntervalMs: 500 },
    });
  });

  async function labelsOf(study: Parameters<typeof pacs.client.findStudy>[0]): Promise<readonly string[]> {
    const id = (await pacs.client.findStudy(study))!;
    return [...((await pacs.client.labelsOfStudies([id])).get(id) ?? [])].sort();
  }
  const eventuallyLabelled = (study: Parameters<typeof labelsOf>[0]): Promise<void> =>
    eventually('labels', async () => assert.deepEqual(await labelsOf(study), ['ai-pneumonia', 'ai-unread']), patience);
  const failedJobs = () => service.jobs.failedJobs({ queue: 'result-labels' });
  const count = (pattern: RegExp): number => proxy.requests.filter((one) => pattern.test(one)).length;

  test('an error that may pass is retried; a refusal is recorded, is not repeated, and can be retried by a user', async (context) => {
    const version = await pacs.client.versionWithoutLabels();
    if (version !== undefined) return context.skip(`Orthanc ${version} has no labels (1.12 has)`);
    proxy.misbehave({ kind: 'status', status: 503 }, { only: putLabel, times: 2 });
    const first = chestStudy('a moment');
    await sendByStow(first.files, pacs.dicomWeb);
    await eventuallyLabelled(first.studyInstanceUID);
    assert.deepEqual(await failedJobs(), []);

    proxy.misbehave({ kind: 'status', status: 400 }, { only: putLabel });
    const second = chestStudy('refused');
    await sendByStow(second.files, pacs.dicomWeb);
    const [failed] = await eventually(
      'the refusal is on record',
      async () => {
        const found = await failedJobs();
        assert.equal(found.length, 1);
        return found;
      },
      patience,
    );
    assert.equal(failed!.failure.code, 'pacs-error');
    assert.match(failed!.failure.detail, /Orthanc refused the label ai-\w+: HTTP 400/);
    // The first comparison may have found the study while its job ran.
    await eventually(
      'nothing else is pending',
      async () => {
        const stats = (await service.jobs.stats()).find(({ queue }) => queue === 'result-labels');
        assert.deepEqual([stats?.waiting, stats?.active, stats?.retrying, stats?.failed], [0, 0, 0, 1]);
      },
      patience,
    );
    const [puts, comparisons] = [count(putLabel), count(/^GET \/system/)];
    // Each comparison reads Orthanc's version first.
    await eventually('several comparisons', () => assert.ok(count(/^GET \/system/) >= comparisons + 12), patience);
    assert.equal(count(putLabel), puts, 'the same label would be refused again');

    proxy.behave();
    const [last] = await failedJobs();
    assert.equal(await service.jobs.retryFailedJob(last!.id), true);
    await eventuallyLabelled(second.studyInstanceUID);
  });
});

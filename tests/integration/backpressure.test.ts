import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { logInFirst } from '../support/access.js';
import { startFaultyProxy, type FaultyProxy } from '../support/faulty-proxy.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByStow } from '../support/send.js';
import { eventuallyOneResult, startTestService } from '../support/service.js';
import type { RunningService } from '../../src/service/start-service.js';

describe('the PACS never gets more requests at once than configured', () => {
  let proxy: FaultyProxy | undefined;
  let service: RunningService | undefined;
  const dataDir = temporaryDirectory('backpressure');
  // Before useOrthanc, which checks at its end that nothing is left running.
  after(async () => {
    await service?.stop();
    await proxy?.close();
  });
  const pacs = useOrthanc();

  test('eight studies at once, six workers, a slow PACS, three requests at most', async () => {
    const studies = Array.from({ length: 8 }, (_, n) => chestStudy(`pressure ${n}`));
    await sendByStow(
      studies.flatMap((one) => one.files),
      pacs.dicomWeb,
    );
    proxy = await startFaultyProxy(pacs.orthanc);
    // Each answer held back for a moment, so that requests would pile up if they could.
    proxy.misbehave({ kind: 'delay', delayMs: 60 });
    service = await startTestService(pacs.orthanc, {
      url: proxy.url,
      dataDir,
      work: { studies: 6 },
      orthanc: { maxConcurrentRequests: 3, requestTimeoutMs: 120_000 },
    });
    for (const { studyInstanceUID } of studies) await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID, { timeoutMs: 90_000 });
    console.log(`${proxy.requests.length} requests, at most ${proxy.maxAtOnce} at once`);
    assert.equal(proxy.maxAtOnce, 3, 'all that is allowed is used, and no more');
  });

  test('M8, D17: with viewers paging through images meanwhile, three requests at most, and neither side waits for ever', async () => {
    const running = service!;
    const first = chestStudy('pressure 0').studyInstanceUID;
    const headers = await logInFirst(running.url, dataDir);
    const leafing = new AbortController();
    let seen = 0;
    const viewers = Array.from({ length: 12 }, async () => {
      while (!leafing.signal.aborted) {
        const answer = await fetch(`${running.url}/dicom-web/studies/${first}/metadata`, { headers: { ...headers } });
        assert.equal(answer.status, 200);
        await answer.arrayBuffer();
        seen++;
      }
    });
    const late = Array.from({ length: 3 }, (_, n) => chestStudy(`pressure late ${n}`));
    await sendByStow(
      late.flatMap((one) => one.files),
      pacs.dicomWeb,
    );
    for (const { studyInstanceUID } of late) await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID, { timeoutMs: 240_000 });
    await eventually('viewers saw something', () => assert.ok(seen >= 12, `${seen} answers`), { timeoutMs: 60_000 });
    leafing.abort();
    await Promise.all(viewers);
    assert.equal(proxy!.maxAtOnce, 3);
  });
});

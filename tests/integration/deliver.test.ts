import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { temporaryDirectory, withOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { assertOneCurrentResult, documentsOf, eventuallyOneResult, startTestService } from '../support/service.js';

function routingTo(destinations: string): string {
  const file = join(temporaryDirectory('routing'), 'routing.yaml');
  writeFileSync(
    file,
    `rules:\n  - name: all\n    when: { modality: CR }\n    action: analyse\n    priority: 7\n    destinations: ${destinations}\n`,
  );
  return file;
}

describe('delivery to the destinations of the rule', () => {
  test('a modality and a peer that are down for a while get the documents when they are back', async () => {
    const [dicomPort, httpPort] = [await freePort(), await freePort()];
    const credentials = { username: 'reader', password: 'reader' };
    await withOrthanc(
      async ({ orthanc: reader, dicomWeb: readerWeb }) => {
        await reader.stop();
        await withOrthanc(
          async ({ orthanc, dicomWeb }) => {
            const service = await startTestService(orthanc, { routingFile: routingTo('[{ modality: READER }, { peer: reader }]') });
            try {
              const { studyInstanceUID, files } = chestStudy('delivered');
              await sendByCStore(files, orthanc);
              const { reference } = await eventuallyOneResult(dicomWeb, studyInstanceUID);
              const result = await service.store.results.currentResult(studyInstanceUID);
              await eventually(
                'both deliveries fail',
                async () => {
                  const rows = await service.store.deliveries.ofResult(result!.resultId);
                  assert.deepEqual(
                    rows.map((one) => one.state),
                    ['failing', 'failing'],
                  );
                },
                { timeoutMs: 60_000 },
              );
              await reader.restart();
              await eventually(
                'both are delivered',
                async () => {
                  const rows = await service.store.deliveries.ofResult(result!.resultId);
                  assert.deepEqual(
                    rows.map((one) => one.state),
                    ['delivered', 'delivered'],
                  );
                },
                { timeoutMs: 120_000 },
              );
              const there = await documentsOf(readerWeb, studyInstanceUID);
              assert.ok(there.current.some((one) => one.reference.sopInstanceUID === reference.sopInstanceUID));
              await assertOneCurrentResult(dicomWeb, studyInstanceUID);
            } finally {
              await service.stop();
            }
          },
          {
            modalities: { READER: { aet: 'READER', host: '127.0.0.1', port: dicomPort } },
            peers: { reader: { url: `http://127.0.0.1:${httpPort}/`, ...credentials } },
          },
        );
      },
      { dicomPort, httpPort, aet: 'READER', credentials },
    );
  });

  test('a destination that Orthanc does not know fails and is named; the result stays', async () => {
    await withOrthanc(async ({ orthanc, dicomWeb }) => {
      const service = await startTestService(orthanc, { routingFile: routingTo('[{ modality: NOBODY }]') });
      try {
        const { studyInstanceUID, files } = chestStudy('undeliverable');
        await sendByCStore(files, orthanc);
        await eventuallyOneResult(dicomWeb, studyInstanceUID);
        await eventually(
          'the delivery has failed',
          async () => {
            const [failed] = await service.jobs.failedJobs();
            assert.equal(failed?.failure.code, 'destination-unknown');
            assert.match(failed?.failure.detail ?? '', /NOBODY/);
          },
          { timeoutMs: 30_000 },
        );
      } finally {
        await service.stop();
      }
    });
  });
});

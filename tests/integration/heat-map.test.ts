import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RunningService } from '../../src/service/start-service.js';
import { textOf } from '../../src/dicom/data-set.js';
import { readPart10 } from '../../src/dicom/part10.js';
import { sampleStudies } from '../../src/samples/sample-studies.js';
import { cautiousStarter } from '../support/cautious-starter.js';
import { eventually } from '../support/eventually.js';
import { useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { assertOneCurrentResult, documentsOf, eventuallyOneResult, startTestService } from '../support/service.js';
import { validateDocument } from '../support/validate-document.js';

describe('heat maps in a real Orthanc', () => {
  const pacs = useOrthanc();
  const opacity = sampleStudies('heat map', { scale: 0.4, ctSlices: 0 })[1]!;
  const study = opacity.studyInstanceUID;
  let service: RunningService;
  before(async () => {
    service = await startTestService(pacs.orthanc);
    await sendByCStore(opacity.files, pacs.orthanc);
    await eventuallyOneResult(pacs.dicomWeb, study);
  });
  after(() => service.stop());

  test('each finding that is present has one, of its own series, valid, and on record with the result', async () => {
    const { current, heatMaps } = await documentsOf(pacs.dicomWeb, study);
    const present = current.find((one) => one.kind === 'text')!.report.findings.filter((one) => one.decision === 'present');
    assert.ok(present.length > 0, 'the phantom with an opacity has a finding');
    assert.equal(heatMaps.length, present.length);
    assert.equal(new Set(heatMaps.map((one) => one.reference.seriesInstanceUID)).size, 1);
    for (const { reference } of heatMaps) {
      const bytes = await pacs.dicomWeb.retrieveInstance(study, reference.seriesInstanceUID, reference.sopInstanceUID);
      const { errors, warnings } = await validateDocument(bytes, 'image');
      assert.deepEqual({ errors, warnings }, { errors: [], warnings: [] });
      assert.equal(textOf(readPart10(bytes).dataSet, 'PhotometricInterpretation'), 'RGB');
    }
    const result = await service.store.results.currentResult(study);
    assert.deepEqual(
      result!.documents.map((one) => one.kind).sort(),
      ['heat-map', 'measurement', 'text', ...Array<string>(present.length - 1).fill('heat-map')].sort(),
    );
  });

  test('our heat maps do not set us off again', async () => {
    const before = (await service.store.results.ofStudy(study)).length;
    // Long enough for the study, grown by our own series, to become stable once more and be looked at.
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    await assertOneCurrentResult(pacs.dicomWeb, study);
    assert.equal((await service.store.results.ofStudy(study)).length, before);
  });

  test('an index that was lost finds them again and writes nothing', async () => {
    const { heatMaps } = await documentsOf(pacs.dicomWeb, study);
    const known = (await service.store.results.currentResult(study))!;
    await service.stop();
    service = await startTestService(pacs.orthanc);
    await eventuallyOneResult(pacs.dicomWeb, study);
    const found = await eventually(
      'a result',
      async () => {
        const result = await service.store.results.currentResult(study);
        assert.ok(result);
        return result;
      },
      { timeoutMs: 60_000 },
    );
    assert.equal(found.resultId, known.resultId);
    assert.deepEqual(found.documents.map((one) => one.sopInstanceUID).sort(), known.documents.map((one) => one.sopInstanceUID).sort());
    assert.equal((await documentsOf(pacs.dicomWeb, study)).heatMaps.length, heatMaps.length);
  });
});

describe('profiles of documents', () => {
  const pacs = useOrthanc();
  const [clear, opacity] = sampleStudies('profiles', { scale: 0.4, ctSlices: 0 });
  for (const [profile, kinds] of [
    ['air', { clear: ['measurement', 'text'], opacity: ['measurement', 'text'] }],
    ['stone', { clear: ['text'], opacity: ['heat-map', 'text'] }],
  ] as const) {
    test(`${profile}: ${kinds.clear.join(', ')} where nothing is present, ${kinds.opacity.join(', ')} where something is`, async () => {
      const service = await startTestService(pacs.orthanc, { report: { profile }, model: { directory: cautiousStarter() } });
      try {
        for (const [name, one] of [
          ['clear', clear!],
          ['opacity', opacity!],
        ] as const) {
          await sendByCStore(one.files, pacs.orthanc);
          const result = await eventually(
            `a result of ${name}`,
            async () => {
              const found = await service.store.results.currentResult(one.studyInstanceUID);
              assert.ok(found);
              return found;
            },
            { timeoutMs: 60_000 },
          );
          assert.equal(result.outcome, 'reported', result.reason ?? '');
          assert.deepEqual([...new Set(result.documents.map((document) => document.kind))].sort(), kinds[name]);
          for (const { reference } of (await documentsOf(pacs.dicomWeb, one.studyInstanceUID)).all) {
            const { errors } = await validateDocument(
              await pacs.dicomWeb.retrieveInstance(one.studyInstanceUID, reference.seriesInstanceUID, reference.sopInstanceUID),
            );
            assert.deepEqual(errors, []);
          }
        }
      } finally {
        await service.stop();
        for (const one of [clear!, opacity!]) {
          const id = await pacs.client.findStudy(one.studyInstanceUID);
          if (id)
            await fetch(`${pacs.orthanc.url}/studies/${id}`, {
              method: 'DELETE',
              headers: { Authorization: `Basic ${Buffer.from(`${pacs.orthanc.username}:${pacs.orthanc.password}`).toString('base64')}` },
            });
        }
      }
    });
  }
});

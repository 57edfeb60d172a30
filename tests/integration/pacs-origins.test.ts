import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptsDocumentsOf } from '../../src/assessments/accepted-documents.js';
import { warnOfLostRegistry } from '../../src/monitoring/lost-registry.js';
import { checkDicomWeb } from '../../src/dicomweb/check-dicom-web.js';
import { pacsOf } from '../../src/reporting/orthanc-pacs.js';
import type { StudyInstanceUID } from '../../src/dicom/uid.js';
import { DicomWeb } from '../../src/dicomweb/client.js';
import { readPart10 } from '../../src/dicom/part10.js';
import { silentLog } from '../../src/log.js';
import { openRegistry } from '../../src/registry/registry.js';
import { openStore } from '../../src/store/store.js';
import { chestStudy } from '../support/chest-study.js';
import { isFault } from '../support/fault.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore, sendByStow } from '../support/send.js';
import { startTestService } from '../support/service.js';

const pacs = useOrthanc();
const sopOf = (file: Uint8Array): string => readPart10(file, { untilPixelData: true }).dataSet['SOPInstanceUID'] as string;

test('D15: a document counts only if it came from a system that is named', async () => {
  const stored = chestStudy('by stow').files[0]!;
  const sent = chestStudy('by c-store').files[0]!;
  await sendByStow([stored], pacs.dicomWeb);
  await sendByCStore([sent], pacs.orthanc, { calling: 'RIS' });
  const accepts = (acceptFrom: readonly string[], file: Uint8Array): Promise<boolean> =>
    acceptsDocumentsOf(acceptFrom, pacs.client)(sopOf(file));
  assert.deepEqual(
    await Promise.all([
      accepts(['http'], stored),
      accepts(['http'], sent),
      accepts(['RIS'], sent),
      accepts(['RIS'], stored),
      accepts(['ris'], sent),
      accepts([], sent),
      accepts(['*'], sent),
    ]),
    [true, false, true, false, false, false, true],
  );
  assert.equal(await accepts(['http'], chestStudy('not there').files[0]!), false);
});

test('M6: without the DICOMweb plugin a study waits, and health is not ok; with it a study that is gone is gone', async () => {
  const { url, username, password } = pacs.orthanc;
  const missing = new DicomWeb({ url: `${url}/nowhere`, username, password, timeoutMs: 5_000, maxConcurrent: 2 });
  const study = '1.2.3.4.5' as StudyInstanceUID;
  await assert.rejects(
    pacsOf(missing).retrieveStudyMetadata(study),
    isFault('pacs-unreachable', { retryable: true, detail: /DICOMweb plugin/ }),
  );
  await assert.rejects(pacsOf(pacs.dicomWeb).retrieveStudyMetadata(study), isFault('pacs-not-found', { retryable: false }));
  await checkDicomWeb(pacs.dicomWeb);
  missing.close();
  const service = await startTestService(pacs.orthanc, { orthanc: { dicomWebPath: '/nowhere' } });
  try {
    assert.equal((await fetch(`${service.url}/health`)).status, 503);
  } finally {
    await service.stop();
  }
});

test('L8: a registry without the promoted model leads to a warning at the start', async () => {
  const store = await openStore({ dataDir: temporaryDirectory('lost') }, silentLog);
  const warnings: unknown[] = [];
  const log = { ...silentLog, warn: (_message: string, fields?: unknown) => void warnings.push(fields) };
  const registry = openRegistry(temporaryDirectory('lost-models'));
  try {
    await warnOfLostRegistry(store.audit, registry, 'aaaaaaaaaaaa', log);
    assert.deepEqual(warnings, []);
    await store.audit.append({ actor: 'a', action: 'model.changed', subject: { change: 'promote', champion: 'bbbbbbbbbbbb' } });
    await warnOfLostRegistry(store.audit, registry, 'bbbbbbbbbbbb', log);
    assert.deepEqual(warnings, []);
    await warnOfLostRegistry(store.audit, registry, 'aaaaaaaaaaaa', log);
    assert.equal(warnings.length, 1);
  } finally {
    await store.close();
  }
});

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { readPart10 } from '../../src/dicom/part10.js';
import type { StudyInstanceUID } from '../../src/dicom/uid.js';
import { DicomWeb } from '../../src/dicomweb/client.js';
import { isFault } from '../support/fault.js';
import { startFaultyProxy, type FaultyProxy } from '../support/faulty-proxy.js';
import { useOrthanc } from '../support/orthanc.js';
import { tinyImage, type TinyImage } from '../support/tiny-image.js';

const retrieve = (from: DicomWeb, image: TinyImage) =>
  from.retrieveInstance(image.studyInstanceUID, image.seriesInstanceUID, image.sopInstanceUID);

describe('DICOMweb', () => {
  const started = useOrthanc();

  test('what is stored is found, described and returned byte for byte', async () => {
    const image = tinyImage(
      { study: 'whole way' },
      { PatientName: 'Yamada^Tarou=山田^太郎=やまだ^たろう', SpecificCharacterSet: 'ISO_IR 192' },
    );
    const stored = await started.dicomWeb.storeInstances([image.bytes]);
    assert.deepEqual(stored, [{ sopInstanceUID: image.sopInstanceUID }]);

    const [study] = await started.dicomWeb.searchForStudies({ StudyInstanceUID: image.studyInstanceUID });
    assert.equal(study!['StudyInstanceUID'], image.studyInstanceUID);
    assert.equal(study!['PatientName'], 'Yamada^Tarou=山田^太郎=やまだ^たろう');
    assert.equal(study!['ModalitiesInStudy'], 'CR');
    const [series] = await started.dicomWeb.searchForSeries(image.studyInstanceUID);
    assert.equal(series!['SeriesInstanceUID'], image.seriesInstanceUID);
    const [instance] = await started.dicomWeb.searchForInstances(image.studyInstanceUID, image.seriesInstanceUID);
    assert.equal(instance!['SOPInstanceUID'], image.sopInstanceUID);

    const metadata = await started.dicomWeb.retrieveStudyMetadata(image.studyInstanceUID);
    assert.equal(metadata.length, 1);
    assert.equal(metadata[0]!['ViewPosition'], 'PA');
    assert.equal(metadata[0]!['Rows'], 8);
    assert.deepEqual(await started.dicomWeb.retrieveSeriesMetadata(image.studyInstanceUID, image.seriesInstanceUID), metadata);

    const file = await retrieve(started.dicomWeb, image);
    assert.deepEqual(readPart10(file), readPart10(image.bytes));
  });

  test('storing again changes nothing', async () => {
    const image = tinyImage({ study: 'twice' });
    await started.dicomWeb.storeInstances([image.bytes]);
    const before = await started.client.lastChange();
    assert.equal((await started.dicomWeb.storeInstances([image.bytes])).length, 1);
    assert.equal(await started.client.lastChange(), before);
  });

  test('pages of a search', async () => {
    for (let index = 0; index < 5; index++)
      await started.dicomWeb.storeInstances([tinyImage({ study: `page ${index}` }, { StudyDate: '19990101' }).bytes]);
    const seen = new Set<unknown>();
    for (let offset = 0; offset < 6; offset += 2) {
      for (const study of await started.dicomWeb.searchForStudies({ StudyDate: '19990101' }, { limit: 2, offset }))
        seen.add(study['StudyInstanceUID']);
    }
    assert.equal(seen.size, 5);
  });

  test('values with blanks, umlauts and other scripts are found, and nothing beside them', async () => {
    const names = { blank: 'VAN DER^ANNA MARIA', other: 'VANXDER^ANNA', umlaut: 'Müller^Jörg', japanese: 'Satou^Hanako=佐藤^花子' };
    for (const [name, PatientName] of Object.entries(names))
      await started.dicomWeb.storeInstances([
        tinyImage({ study: `value ${name}` }, { PatientName, PatientID: `ID ${name}`, SpecificCharacterSet: 'ISO_IR 192' }).bytes,
      ]);
    const found = async (query: Record<string, string>, page = {}): Promise<readonly unknown[]> =>
      (await started.dicomWeb.searchForStudies(query, page)).map((one) => one['PatientName']);
    assert.deepEqual(await found({ PatientID: 'ID blank' }, { limit: 1 }), [names.blank]);
    assert.deepEqual(await found({ PatientName: 'van der*' }), [names.blank]);
    assert.deepEqual(await found({ PatientName: 'müller^j*' }), [names.umlaut]);
    assert.deepEqual(await found({ PatientName: '佐藤*' }), [names.japanese]);
    assert.deepEqual(await found({ PatientID: 'ID ?lank' }), [names.blank]);
    assert.deepEqual(await found({ PatientID: 'ID nobody' }), []);
    const page = await found({ PatientName: 'VAN DER*' }, { limit: 10, offset: 0 });
    assert.deepEqual(
      page.filter((one) => one !== undefined),
      [names.blank],
      'of a page, rows that were not meant are empty',
    );
  });

  test('what is not there', async () => {
    const image = tinyImage({ study: 'never sent' });
    assert.deepEqual(await started.dicomWeb.searchForStudies({ StudyInstanceUID: image.studyInstanceUID }), []);
    await assert.rejects(started.dicomWeb.retrieveStudyMetadata(image.studyInstanceUID), isFault('pacs-not-found'));
    await assert.rejects(retrieve(started.dicomWeb, image), isFault('pacs-not-found'));
  });

  test('junk is refused for good, and what came with it is kept', async () => {
    const image = tinyImage({ study: 'beside junk' });
    const junk = Buffer.from('this is no DICOM file');
    await assert.rejects(started.dicomWeb.storeInstances([junk]), isFault('pacs-rejected', { retryable: false }));
    await assert.rejects(started.dicomWeb.storeInstances([image.bytes, junk]), isFault('pacs-rejected', { retryable: false }));
    assert.equal((await started.client.instanceIdsOf([image.sopInstanceUID])).length, 1);
  });

  test('many at once, no more of them under way than allowed', async () => {
    const images = Array.from({ length: 24 }, (_, index) => tinyImage({ study: 'many', instance: String(index) }));
    const stored = await started.dicomWeb.storeInstances(images.map(({ bytes }) => bytes));
    assert.equal(stored.length, 24);
    const files = await Promise.all(images.map((image) => retrieve(started.dicomWeb, image)));
    files.forEach((file, index) => assert.equal(readPart10(file).dataSet['SOPInstanceUID'], images[index]!.sopInstanceUID));
  });

  test('nothing global is put in place', () => {
    assert.equal('XMLHttpRequest' in globalThis, false);
  });

  test('ten megabytes are retrieved in a fraction of a second', async (context) => {
    const image = tinyImage({ study: 'large' }, {}, 2500, 2048);
    const storing = performance.now();
    await started.dicomWeb.storeInstances([image.bytes]);
    const stored = performance.now();
    const file = await retrieve(started.dicomWeb, image);
    const retrieved = performance.now();
    assert.equal(file.length, image.bytes.length);
    context.diagnostic(`10 MB: stored in ${Math.round(stored - storing)} ms, retrieved in ${Math.round(retrieved - stored)} ms`);
    assert.ok(retrieved - stored < 2000);
  });
});

describe('DICOMweb over a connection that fails', () => {
  const started = useOrthanc();
  const image = tinyImage({ study: 'behind proxy' }, {}, 256, 256);
  let proxy: FaultyProxy;
  let dicomWeb: DicomWeb;
  before(async () => {
    await started.dicomWeb.storeInstances([image.bytes]);
    proxy = await startFaultyProxy({ url: started.orthanc.dicomWebUrl });
    dicomWeb = new DicomWeb({ ...started.endpoint, url: proxy.url, timeoutMs: 400, maxConcurrent: 2 });
  });
  after(async () => {
    dicomWeb.close();
    await proxy.close();
  });

  const cases = [
    ['401', { kind: 'status', status: 401 }, 'pacs-unauthorized', true],
    ['404', { kind: 'status', status: 404 }, 'pacs-not-found', false],
    ['500', { kind: 'status', status: 500 }, 'pacs-error', true],
    ['503', { kind: 'status', status: 503 }, 'pacs-error', true],
    ['a slow answer', { kind: 'delay', delayMs: 1500 }, 'timed-out', true],
    ['a body cut in the middle', { kind: 'cut', afterBytes: 70_000 }, 'pacs-malformed', true],
    ['a head cut in the middle', { kind: 'cut', afterBytes: 20 }, 'pacs-unreachable', true],
    ['half a multipart body that claims to be whole', { kind: 'shorten', keepBytes: 70_000 }, 'pacs-malformed', true],
    ['a multipart body without its last bytes', { kind: 'shorten', keepBytes: 131_400 }, 'pacs-malformed', true],
    ['an empty body', { kind: 'shorten', keepBytes: 0 }, 'pacs-malformed', true],
    ['an answer in place of the file', { kind: 'status', status: 200, body: '{}' }, 'pacs-malformed', true],
    ['no HTTP', { kind: 'garble' }, 'pacs-malformed', true],
    ['a refusal', { kind: 'refuse' }, 'pacs-unreachable', true],
  ] as const;
  for (const [name, mischief, code, retryable] of cases) {
    test(`retrieval: ${name} is ${code}, then all is well again`, async () => {
      proxy.misbehave(mischief);
      await assert.rejects(retrieve(dicomWeb, image), (thrown) => {
        isFault(code, { retryable })(thrown);
        assert.match((thrown as Error).message, new RegExp(image.studyInstanceUID));
        return true;
      });
      proxy.behave();
      assert.equal((await retrieve(dicomWeb, image)).length, image.bytes.length);
    });
  }

  test('searching and describing: half an answer, another kind of answer', async () => {
    for (const mischief of [
      { kind: 'shorten', keepBytes: 100 },
      { kind: 'status', status: 200, body: '{}' },
      { kind: 'status', status: 200, body: '[7]' },
      { kind: 'cutBody', afterBytes: 100 },
    ] as const) {
      proxy.misbehave(mischief);
      await assert.rejects(dicomWeb.searchForStudies(), isFault('pacs-malformed', { retryable: true }));
      await assert.rejects(dicomWeb.retrieveStudyMetadata(image.studyInstanceUID), isFault('pacs-malformed', { retryable: true }));
    }
    proxy.behave();
  });

  test('storing: faults of the connection can be tried again, a refusal cannot', async () => {
    const document = tinyImage({ study: 'stored through proxy' });
    const refused = '{"00081198":{"vr":"SQ","Value":[{"00081155":{"vr":"UI","Value":["1.2.3"]},"00081197":{"vr":"US","Value":[REASON]}}]}}';
    const store = () => dicomWeb.storeInstances([document.bytes], { studyInstanceUID: document.studyInstanceUID });
    for (const [mischief, code, retryable] of [
      [{ kind: 'status', status: 500 }, 'pacs-error', true],
      [{ kind: 'status', status: 401 }, 'pacs-unauthorized', true],
      [{ kind: 'delay', delayMs: 1500 }, 'timed-out', true],
      [{ kind: 'cut', afterBytes: 20 }, 'pacs-unreachable', true],
      [{ kind: 'cutBody', afterBytes: 70 }, 'pacs-malformed', true],
      [{ kind: 'status', status: 409, body: refused.replace('REASON', '272') }, 'pacs-rejected', false],
      [{ kind: 'status', status: 202, body: refused.replace('REASON', '43264') }, 'pacs-rejected', false],
      [{ kind: 'status', status: 409, body: refused.replace('REASON', '42752') }, 'pacs-rejected', true],
      [{ kind: 'status', status: 400 }, 'pacs-rejected', false],
      [{ kind: 'status', status: 200, body: '{}' }, 'pacs-rejected', false],
    ] as const) {
      proxy.misbehave(mischief);
      await assert.rejects(store(), isFault(code, { retryable }), JSON.stringify(mischief));
    }
    proxy.behave();
    assert.equal((await store()).length, 1);
  });

  test('a fault in one of many does not hold up the others', async () => {
    proxy.misbehave({ kind: 'cut', afterBytes: 5000 }, { times: 3 });
    const results = await Promise.allSettled(Array.from({ length: 12 }, () => retrieve(dicomWeb, image)));
    assert.equal(results.filter(({ status }) => status === 'rejected').length, 3);
    proxy.behave();
  });

  test('a study that the PACS does not know is named in the fault', async () => {
    const studyInstanceUID = '1.2.3.4' as StudyInstanceUID;
    await assert.rejects(dicomWeb.retrieveStudyMetadata(studyInstanceUID), (thrown) => /study 1\.2\.3\.4/.test((thrown as Error).message));
  });
});

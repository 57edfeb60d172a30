import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arrivalOfSeries } from '../../src/reporting/arrival-of.js';

const images = (seriesInstanceUID: string, ...instanceIds: string[]) => ({
  seriesInstanceUID,
  instanceIds,
  mainAttributes: { Modality: 'CR' },
});
const report = { seriesInstanceUID: '1.9', instanceIds: ['sr'], mainAttributes: { Modality: 'SR', StationName: 'ORTHANC-CHEST-AI' } };

function orthanc(titles: Readonly<Record<string, string>>) {
  const asked: string[] = [];
  return {
    asked,
    arrivalOf: async (id: string) => (asked.push(id), { remoteAet: titles[id], calledAet: titles[id] && 'CHESTAI', origin: undefined }),
  };
}

test('Orthanc 1.12 lists our own report first: the calling AE title is that of the image', async () => {
  const asked = orthanc({ a: 'MOD1' });
  assert.deepEqual(await arrivalOfSeries([report, images('1.1', 'a')], asked), { callingAeTitle: 'MOD1', calledAeTitle: 'CHESTAI' });
  assert.deepEqual(asked.asked, ['a']);
});

test('an image that was uploaded does not hide the one that came by C-STORE', async () => {
  assert.equal((await arrivalOfSeries([images('1.1', 'upload', 'b'), images('1.2', 'c')], orthanc({ b: 'MOD2' }))).callingAeTitle, 'MOD2');
});

test('no AE title if everything came by STOW-RS, and not every instance of a large study is checked', async () => {
  const asked = orthanc({});
  assert.deepEqual(await arrivalOfSeries([images('1.1', ...Array.from({ length: 500 }, (_, index) => `i${index}`))], asked), {});
  assert.equal(asked.asked.length, 32);
});

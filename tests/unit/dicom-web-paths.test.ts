import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isViewerPath } from '../../src/server/routes/dicom-web.js';

test('a viewer may ask for what QIDO-RS and WADO-RS offer', () => {
  const instance = '/studies/1.2.3/series/4.5/instances/6.7.8';
  for (const path of [
    '/studies',
    '/series',
    '/studies/1.2.3/series',
    '/studies/1.2.3/instances',
    '/studies/1.2.3/series/4.5/instances',
    '/studies/1.2.3/metadata',
    '/studies/1.2.3/series/4.5/metadata',
    instance,
    `${instance}/metadata`,
    `${instance}/frames/1`,
    `${instance}/frames/1,2,3`,
    `${instance}/rendered`,
    `${instance}/frames/1/rendered`,
    `${instance}/thumbnail`,
    `${instance}/bulk/7fe00010`,
    `${instance}/bulk/00091002/1/00091003`,
  ]) {
    assert.ok(isViewerPath(path), path);
  }
});

test('nothing else of Orthanc is reached, however it is written', () => {
  for (const path of [
    '',
    '/',
    '/studies/',
    '/studies/1.2.3/',
    '/servers',
    '/info',
    '/studies/../../instances',
    '/studies/1.2.3/../..',
    '/studies/%2e%2e/%2e%2e/system',
    '/studies/1.2.3%2f..%2f..',
    '/studies//1.2.3',
    '/studies/1.2.3/series/4.5/instances/6.7.8/frames/',
    '/studies/1.2.3/series/4.5/instances/6.7.8/attachments/dicom/data',
    '/studies/x',
    '/studies/1.2.3?',
    '//evil.example/studies',
    '/studies/1.2.3\r\nHost: evil',
    '/../system',
    '/studies/1.2.3/metadata/x',
  ]) {
    assert.ok(!isViewerPath(path), JSON.stringify(path));
  }
});

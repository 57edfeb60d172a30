import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  derivedUid,
  isUid,
  type SeriesInstanceUID,
  type SOPClassUID,
  type SOPInstanceUID,
  type StudyInstanceUID,
} from '../../src/dicom/uid.js';
import { documentUids, inputKeyOf, type ResultIdentity } from '../../src/reporting/document-identity.js';
import { stationName } from '../../src/sr/equipment.js';
import type { PacsStudy } from '../../src/reporting/ports.js';
import { contentKeyOf } from '../../src/reporting/study-intake.js';

const studyInstanceUID = derivedUid<StudyInstanceUID>('documents test', 'study');
const predecessor = (name: string): ResultIdentity['predecessors'][number] => ({
  studyInstanceUID,
  seriesInstanceUID: derivedUid<SeriesInstanceUID>('documents test', 'series', name),
  sopInstanceUID: derivedUid<SOPInstanceUID>('documents test', 'instance', name),
  sopClassUID: '1.2.840.10008.5.1.4.1.1.88.33' as SOPClassUID,
});
const identity: ResultIdentity = {
  studyInstanceUID,
  outcome: 'reported',
  inputKey: 'a',
  deviceUID: '2.25.1',
  predecessors: [predecessor('a'), predecessor('b')],
};

describe('names of documents', () => {
  test('the same result has the same names, in whatever order its predecessors are found', () => {
    assert.deepEqual(documentUids({ ...identity }), documentUids(identity));
    assert.deepEqual(documentUids({ ...identity, predecessors: [predecessor('b'), predecessor('a')] }), documentUids(identity));
  });

  test('result, text and measurement report have names of their own, all of them UIDs', () => {
    const { resultId, text, measurement } = documentUids(identity);
    const all = [resultId, text.series, text.instance, measurement.series, measurement.instance];
    assert.equal(new Set(all).size, 5);
    assert.ok(all.every(isUid));
  });

  const others: Readonly<Record<string, Partial<ResultIdentity>>> = {
    'another study': { studyInstanceUID: derivedUid<StudyInstanceUID>('documents test', 'another') },
    'another outcome': { outcome: 'skipped/lateral-only' },
    'other images': { inputKey: 'b' },
    'another model': { deviceUID: '2.25.2' },
    'another predecessor': { predecessors: [predecessor('a'), predecessor('c')] },
    'one predecessor less': { predecessors: [predecessor('a')] },
    'no predecessor': { predecessors: [] },
    'documents with a digest of their content': { content: 'a' },
  };
  for (const [name, other] of Object.entries(others)) {
    test(`${name} gives other names`, () => {
      const [a, b] = [documentUids(identity), documentUids({ ...identity, ...other })];
      for (const pair of [
        [a.resultId, b.resultId],
        [a.text.series, b.text.series],
        [a.text.instance, b.text.instance],
        [a.measurement.series, b.measurement.series],
        [a.measurement.instance, b.measurement.instance],
      ]) {
        assert.notEqual(pair[0], pair[1]);
      }
    });
  }

  test('the neighbours of an attribute cannot take its place', () => {
    assert.notEqual(
      documentUids({ ...identity, outcome: 'ab', inputKey: 'c' }).resultId,
      documentUids({ ...identity, outcome: 'a', inputKey: 'bc' }).resultId,
    );
  });
});

describe('keys of what a result rests on', () => {
  const study = (...series: readonly (readonly [string, readonly string[]])[]): PacsStudy => ({
    studyInstanceUID,
    isStable: true,
    series: series.map(([seriesInstanceUID, instanceIds]) => ({
      seriesInstanceUID,
      instanceIds,
      mainAttributes: seriesInstanceUID === 'ours' ? { Modality: 'SR', StationName: stationName } : {},
    })),
  });
  const key = contentKeyOf(study(['1', ['a', 'b']], ['2', ['c']]));

  test('content: the same images in whatever order and series', () => {
    assert.equal(contentKeyOf(study(['2', ['c']], ['1', ['b', 'a']])), key);
  });

  test('content: an image more, less or another changes it', () => {
    for (const other of [
      study(['1', ['a', 'b']]),
      study(['1', ['a', 'b', 'd']], ['2', ['c']]),
      study(['1', ['a', 'd']], ['2', ['c']]),
      study(),
    ]) {
      assert.notEqual(contentKeyOf(other), key);
    }
  });

  test('content: our own series do not count', () => {
    assert.equal(contentKeyOf(study(['1', ['a', 'b']], ['ours', ['x', 'y']], ['2', ['c']])), key);
  });

  test('input: the same instances in whatever order; another set is another key', () => {
    const instances = ['1.2', '1.3', '1.4'].map((SOPInstanceUID) => ({ SOPInstanceUID }));
    assert.equal(inputKeyOf([...instances].reverse()), inputKeyOf(instances));
    assert.notEqual(inputKeyOf(instances.slice(1)), inputKeyOf(instances));
    assert.notEqual(inputKeyOf([]), inputKeyOf(instances));
  });
});

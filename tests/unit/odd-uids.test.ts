import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DataSet } from '../../src/dicom/data-set.js';
import { fromDicomJson } from '../../src/dicom/json.js';
import type { StudyInstanceUID } from '../../src/dicom/uid.js';
import { withQuotedUids } from '../../src/dicomweb/quoted-uids.js';
import { Fault, isOutage } from '../../src/errors.js';
import { silentLog } from '../../src/log.js';
import { studyResponse } from '../../src/orthanc/responses.js';
import { everyStudyRow } from '../../src/reporting/every-study.js';
import { labelledImages } from '../../src/retraining/labelled-images.js';
import { sweepPacs } from '../../src/reporting/sweep-pacs.js';

const odd = new Fault('dicom-attribute', 'expected a UID, found another');

describe('one study never spoils a list', () => {
  test('M1: the sweep goes on behind a study that cannot be queued, and ends where the PACS does not answer', async () => {
    const queued: string[] = [];
    const sweep = (fault: Fault): Promise<number> => {
      const searchForStudies = async (_query: unknown, { offset }: { readonly offset: number }): Promise<readonly DataSet[]> =>
        offset === 0 ? ['1.1', '1.2', '1.3'].map((StudyInstanceUID) => ({ StudyInstanceUID })) : [];
      const enqueueStudy = async (uid: string): Promise<void> => {
        if (uid === '1.2') throw fault;
        queued.push(uid);
      };
      return sweepPacs(new Date(), searchForStudies, { withoutResult: async (uids) => uids }, enqueueStudy, silentLog);
    };
    for (const fault of [odd, new Fault('pacs-error', 'HTTP 400'), new Fault('pacs-malformed', 'x'), new Fault('timed-out', 'x')]) {
      assert.equal(await sweep(fault), 2);
      assert.deepEqual(queued.splice(0), ['1.1', '1.3']);
    }
    await assert.rejects(sweep(new Fault('pacs-unreachable', 'x')));
    assert.ok(isOutage(new Error('a bug')) && !isOutage(odd));
  });

  test('M2: retraining leaves out an image with an unusable UID and uses the others', async () => {
    const image = (study: string, sop: string): DataSet => ({
      StudyInstanceUID: study,
      SeriesInstanceUID: '1.9',
      SOPInstanceUID: sop,
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.1',
      Modality: 'CR',
      Rows: 10,
      Columns: 10,
      ViewPosition: 'PA',
    });
    const studies: Readonly<Record<string, readonly DataSet[]>> = {
      '1.1': [image('1.1', '1.1.1'), image('1.1', 'not/a/uid'), image('1.1', '1.2.840.00123.4')],
      '1.3': [image('1.3', '1.3.1')],
    };
    const pacs = {
      async retrieveStudyMetadata(study: StudyInstanceUID) {
        if (study === '1.2') throw new Fault('pacs-malformed', 'one study is broken');
        return studies[study] ?? [];
      },
    };
    const labels = ['1.1', '1.2', '1.3'].map(
      (studyInstanceUID) => ({ studyInstanceUID, finding: 'pneumonia', decision: 'present' }) as never,
    );
    const images = await labelledImages(labels, ['pneumonia'], {
      pacs,
      maxImages: 4,
      keyOf: (text) => text,
      siteOf: () => '',
      log: silentLog,
    });
    assert.deepEqual(images.map((one) => one.sopInstanceUID).sort(), ['1.1.1', '1.2.840.00123.4', '1.3.1']);
  });

  test('a search is read to its end whatever the length of its pages', async () => {
    const all = Array.from({ length: 23 }, (_, index) => ({ StudyInstanceUID: `1.${index + 1}` }));
    for (const most of [1, 4, 99, 100, 1_000]) {
      const rows: DataSet[] = [];
      for await (const page of everyStudyRow(async (_query, { offset, limit }) => all.slice(offset, offset + Math.min(most, limit)), {}))
        rows.push(...page);
      assert.deepEqual(rows, all, `${most} a page`);
    }
    // A server that ignores the offset.
    let asked = 0;
    for await (const page of everyStudyRow(async () => (asked++, all), {})) assert.equal(page.length, 23);
    assert.ok(asked < 20);
    // Rows that cannot be read take their places in a page.
    const holes = all.map((one, index) => (index % 2 ? {} : one));
    let found = 0;
    for await (const page of everyStudyRow(async (_query, { offset }) => holes.slice(offset, offset + 1), {})) found += page.length;
    assert.equal(found, 12);
  });
});

describe('what comes from the PACS is checked where it enters', () => {
  test('C1: UIDs of data sets and of Orthanc are quoted unless they can be used', () => {
    const held = withQuotedUids({
      StudyInstanceUID: '../../x?_method=DELETE',
      SeriesInstanceUID: '1.2.00 ',
      SOPInstanceUID: ['1.2', '3'],
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.1',
    });
    assert.deepEqual(held, {
      StudyInstanceUID: '%2E.%2F..%2Fx%3F_method%3DDELETE',
      SeriesInstanceUID: '1.2.00',
      SOPInstanceUID: '1.2%5C3',
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.1',
    });
    const id = '0123abcd-0123abcd-0123abcd-0123abcd-0123abcd';
    assert.equal(studyResponse.parse({ ID: id, MainDicomTags: { StudyInstanceUID: '1.2?x' }, Series: [] }).studyInstanceUID, '1.2%3Fx');
    assert.match(studyResponse.parse({ ID: id, MainDicomTags: {}, Series: [] }).studyInstanceUID, /%/);
  });

  test('L3: a NUL in a value of the PACS is dropped, for PostgreSQL keeps none', () => {
    assert.deepEqual(fromDicomJson({ '00081030': { vr: 'LO', Value: ['a\u0000b'] } }), { StudyDescription: 'ab' });
  });
});

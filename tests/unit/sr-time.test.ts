import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { DataSet } from '../../src/dicom/data-set.js';
import { readPart10, writePart10 } from '../../src/dicom/part10.js';
import { readReport } from '../../src/sr/read-report.js';
import { readAssessment } from '../../src/sr/read-assessment.js';
import { dateTimeOf, localTime, momentOf, momentOfDateTime } from '../../src/sr/timezone.js';
import { assessmentReport } from '../../src/sr/assessment-report.js';
import { consensusLabels, type LabelStatement } from '../../src/assessments/adjudicated-labels.js';
import { measurementOfExample, reported, source, textOfExample } from './sr-examples.js';
import { assessmentExamples } from './sr-assessment-examples.js';

const own = process.env['TZ'];
const inZone = <T>(zone: string, work: () => T): T => {
  process.env['TZ'] = zone;
  try {
    return work();
  } finally {
    if (own === undefined) delete process.env['TZ'];
    else process.env['TZ'] = own;
  }
};
after(() => {
  if (own === undefined) delete process.env['TZ'];
  else process.env['TZ'] = own;
});

const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'America/St_Johns', 'Asia/Kathmandu', 'Pacific/Kiritimati'];
const { TimezoneOffsetFromUTC: _, ...silentSource } = source;
const moments = [new Date('2026-12-31T23:30:00.042Z'), new Date('2026-07-15T12:00:00Z')];

describe('D5: times without an offset are local times', () => {
  for (const zone of zones) {
    test(`${zone}: a moment is written without an offset where the source states none, and read back`, () => {
      inZone(zone, () => {
        for (const moment of moments) {
          const { date, time, offset } = localTime(moment, {});
          assert.equal(offset, undefined);
          assert.equal(
            momentOf(
              { ContentDate: date, ContentTime: `${time}.${String(moment.getUTCMilliseconds()).padStart(3, '0')}` },
              'ContentDate',
              'ContentTime',
            )?.getTime(),
            moment.getTime(),
          );
          assert.equal(momentOfDateTime(dateTimeOf(moment, {}), {})?.getTime(), moment.getTime());
        }
      });
    });
  }

  test('an offset that the source states holds in every zone, one that is none does not', () => {
    for (const zone of zones) {
      inZone(zone, () => {
        assert.deepEqual(localTime(moments[0]!, { TimezoneOffsetFromUTC: '+0530' }), { date: '20270101', time: '050000', offset: '+0530' });
        assert.equal(localTime(moments[0]!, { TimezoneOffsetFromUTC: 'CET' }).offset, undefined);
        assert.equal(
          momentOf({ D: '20270101', T: '050000', TimezoneOffsetFromUTC: '+0530' }, 'D', 'T')?.toISOString(),
          '2026-12-31T23:30:00.000Z',
        );
        assert.equal(
          momentOfDateTime('20261231233000+0000', { TimezoneOffsetFromUTC: '+0530' })?.toISOString(),
          '2026-12-31T23:30:00.000Z',
        );
      });
    }
  });

  test('winter and summer time of the zone, and what is no time', () => {
    inZone('Europe/Berlin', () => {
      const at = (text: string): string | undefined => momentOfDateTime(text, {})?.toISOString();
      assert.equal(at('20261129101500'), '2026-11-29T09:15:00.000Z');
      assert.equal(at('20260729101500.5'), '2026-07-29T08:15:00.500Z');
      assert.equal(at('20261129'), '2026-11-28T23:00:00.000Z');
      assert.deepEqual(['noon', '2026', '20261340', '20261129256100'].map(at), [undefined, undefined, undefined, undefined]);
    });
  });

  test('no document states an offset that the images do not state; its time is local like Study Time', () => {
    const content = { ...reported, source: silentSource, createdAt: new Date('2026-11-23T04:05:06.789Z') };
    inZone('Europe/Berlin', () => {
      for (const document of [
        textOfExample(content),
        measurementOfExample(content),
        assessmentReport({ ...assessmentExamples['confirmed']!, source: silentSource }),
      ]) {
        assert.equal(document['TimezoneOffsetFromUTC'], undefined);
        assert.match(String(document['ContentTime']), /^050506/);
        assert.equal(document['StudyTime'], source['StudyTime']);
      }
      assert.equal(
        readReport(readPart10(writePart10(textOfExample(content))).dataSet).createdAt?.toISOString(),
        '2026-11-23T04:05:06.789Z',
      );
    });
    assert.equal(textOfExample(reported)['TimezoneOffsetFromUTC'], '+0100');
  });

  const signedElsewhere = (VerificationDateTime: string): DataSet => ({
    ...textOfExample({ ...reported, source: silentSource }),
    VerificationFlag: 'VERIFIED',
    VerifyingObserverSequence: [
      {
        VerifyingObserverName: 'Meier^Anna',
        VerifyingObserverIdentificationCodeSequence: [],
        VerifyingOrganization: 'Elsewhere',
        VerificationDateTime,
      },
    ],
  });
  const statement = (
    reader: string,
    decision: LabelStatement['decision'],
    givenAt: Date | null | undefined,
    adjudicates: boolean,
  ): LabelStatement => ({
    studyInstanceUID: '2.25.1',
    finding: 'pneumonia',
    reader,
    decision,
    source: 'assessment',
    verified: true,
    adjudicates,
    givenAt: givenAt ?? null,
  });

  test('UTC+1: a report that was signed at 10:15 local time is older than an adjudication at 09:45 UTC', () => {
    inZone('Europe/Berlin', () => {
      const signed = readAssessment(signedElsewhere('20261129101500'))!;
      assert.equal(signed.createdAt?.toISOString(), '2026-11-29T09:15:00.000Z');
      const adjudicated = statement('senior', 'absent', new Date('2026-11-29T09:45:00Z'), true);
      const [label] = consensusLabels([adjudicated, statement('Meier^Anna', 'present', signed.createdAt, false)]);
      assert.deepEqual([label?.state, label?.decision], ['agreed', 'absent']);
    });
  });

  test('west of Greenwich: a report that was signed after the adjudication contradicts it', () => {
    inZone('America/New_York', () => {
      const signed = readAssessment(signedElsewhere('20261129060000'))!;
      assert.equal(signed.createdAt?.toISOString(), '2026-11-29T11:00:00.000Z');
      const adjudicated = statement('senior', 'absent', new Date('2026-11-29T10:30:00Z'), true);
      assert.equal(consensusLabels([adjudicated, statement('Meier^Anna', 'present', signed.createdAt, false)])[0]?.state, 'disagreed');
    });
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { consensusLabels } from '../../src/assessments/adjudicated-labels.js';
import type { StudyInstanceUID } from '../../src/dicom/uid.js';
import { sampleStudies } from '../../src/samples/sample-studies.js';
import type { RunningService } from '../../src/service/start-service.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { acknowledged, exchangeBytes, framed, oru, sendHl7 } from '../support/mllp-sender.js';
import { useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { eventuallyOneResult, startTestService } from '../support/service.js';

const patience = { timeoutMs: 60_000 };

describe('reports by HL7 v2', () => {
  let service: RunningService | undefined;
  let port = 0;
  after(() => service?.stop());
  const pacs = useOrthanc();
  const [, opacity] = sampleStudies('reports', { scale: 0.35, ctSlices: 0 });
  const study = opacity!.studyInstanceUID as StudyInstanceUID;

  const labels = async () =>
    (await service!.store.labels.ofStudy(study))
      .filter(({ source }) => source === 'report')
      .map(({ finding, decision }) => `${finding} ${decision}`)
      .sort();
  const states = async () => (await service!.store.radiologyReports.counts()).map(({ state, reason, n }) => [state, reason, n]);
  const accepted = async (message: string, encoding?: string): Promise<void> =>
    assert.equal(acknowledged(await sendHl7(port, message, encoding)).code, 'AA');

  before(async () => {
    port = await freePort();
    service = await startTestService(pacs.orthanc, { reports: { hl7: { port, maxMessageBytes: 20_000, timeoutMs: 3_000 } } });
  });

  test('a report that arrives before its study waits; its findings become labels when the study has a result', async () => {
    await accepted(oru({ lines: ['Kein Pneumothorax. Pneumonie im rechten Unterlappen.', 'Kein Erguss.'] }));
    assert.deepEqual(await states(), [['waiting', 'no-study', 1]]);
    await sendByCStore(opacity!.files, pacs.orthanc);
    await eventuallyOneResult(pacs.dicomWeb, study);
    await eventually(
      'labels',
      async () =>
        assert.deepEqual(await labels(), [
          'abnormal present',
          'opacity present',
          'pleural-effusion absent',
          'pneumonia present',
          'pneumothorax absent',
        ]),
      patience,
    );
    assert.deepEqual(await states(), [['matched', null, 1]]);
  });

  test('a repetition has no second effect: the same message, and the same content under another control ID', async () => {
    const entries = async () => (await service!.store.audit.list({ action: 'report.receive', limit: 100 })).length;
    const before = { labels: await labels(), entries: await entries(), report: await service!.store.radiologyReports.counts() };
    const again = { lines: ['Kein Pneumothorax. Pneumonie im rechten Unterlappen.', 'Kein Erguss.'] };
    await accepted(oru(again));
    await accepted(oru({ ...again, controlId: 'MSG0002' }));
    assert.deepEqual({ labels: await labels(), entries: await entries(), report: await service!.store.radiologyReports.counts() }, before);
  });

  test('a preliminary report is accepted and not read; a correction in Latin-1 with \\X0D\\ escapes replaces the first', async () => {
    await accepted(oru({ controlId: 'P1', status: 'P', order: 'OTHER', lines: ['Pneumothorax.'] }));
    assert.equal((await states()).length, 1);
    await accepted(
      oru({
        controlId: 'C1',
        status: 'C',
        at: '20260102113000',
        characterSet: '8859/1',
        lines: [
          {
            type: 'FT',
            value: 'Herz nicht vergr\u00f6\u00dfert.\\X0D\\Pleuraerg\\XFC\\sse beidseits\\.br\\Keine Pneumonie \\T\\ kein Pneu.',
          },
        ],
      }),
      'latin1',
    );
    assert.deepEqual(await labels(), [
      'abnormal present',
      'cardiomegaly absent',
      'pleural-effusion present',
      'pneumonia absent',
      'pneumothorax absent',
    ]);
  });

  test('accession numbers and patient IDs are stored as keyed hashes only', async () => {
    const { rows } = await service!.store.sql.query<{ keys: readonly (string | null)[] }>({
      text: `SELECT json_build_array(report_key, content_key, accession_key, accession_issuer_key, patient_keys->0->>'id', patient_keys->0->'issuers'->>0) AS keys
        FROM chest_ai.radiology_report
        UNION ALL SELECT json_build_array(accession_key, accession_issuer_key, patient_key, patient_issuer_key) FROM chest_ai.identified_study`,
    });
    const keys = rows.flatMap((row) => row.keys).filter((key) => key !== null);
    assert.ok(keys.length >= 8, JSON.stringify(rows));
    for (const key of keys) assert.match(key, /^[0-9a-f]{32}$/);
  });

  test('an earlier version that arrives late is outdated', async () => {
    const before = await labels();
    await accepted(oru({ controlId: 'OLD', lines: ['Pneumothorax rechts.'] }));
    assert.deepEqual(await labels(), before);
  });

  test("a reader's assessment takes precedence over the report", async () => {
    const joint = async () => consensusLabels(await service!.store.labels.ofStudy(study)).find(({ finding }) => finding === 'pneumonia');
    assert.equal((await joint())?.decision, 'absent');
    await service!.assessments.give({
      studyInstanceUID: study,
      reader: service!.assessments.readerOf('anna'),
      findings: [{ name: 'pneumonia', decision: 'present' }],
      origin: 'api',
    });
    assert.deepEqual([(await joint())?.state, (await joint())?.decision], ['agreed', 'present']);
    await accepted(oru({ controlId: 'C2', status: 'C', at: '20260102120000', lines: ['Keine Pneumonie.'] }));
    assert.deepEqual(await labels(), ['pneumonia absent']);
    assert.equal((await joint())?.decision, 'present');
  });

  test('a report that is withdrawn takes its labels away', async () => {
    await accepted(oru({ controlId: 'W1', status: 'X', at: '20260102130000', lines: ['Keine Pneumonie.'] }));
    assert.deepEqual(await labels(), []);
    assert.deepEqual(await states(), [['withdrawn', null, 1]]);
  });

  test('a reused accession number does not match another patient; after a merge either ID matches', async () => {
    await accepted(oru({ controlId: 'M1', order: 'M', patient: 'NEW-77^^^PHANTOMS^PI', lines: ['Erguss links.'] }));
    assert.deepEqual(await labels(), []);
    assert.deepEqual((await states()).at(0), ['waiting', 'patient-differs', 1]);
    await accepted(
      oru({
        controlId: 'M2',
        order: 'M',
        at: '20260103',
        patient: 'NEW-77^^^PHANTOMS^PI~PHANTOM-2^^^PHANTOMS^PI',
        lines: ['Erguss links.'],
      }),
    );
    assert.deepEqual(await labels(), ['abnormal present', 'pleural-effusion present']);
    await accepted(oru({ controlId: 'M3', order: 'M', at: '20260104', patient: 'PHANTOM-2^^^ELSEWHERE^PI', lines: ['Erguss links.'] }));
    assert.deepEqual(await labels(), []);
  });

  test('what is no report is refused with its reason; nothing of it is stored', async () => {
    const before = await states();
    const lines = ['Pneumothorax.'];
    for (const [message, expected] of [
      [oru({ lines, type: 'ADT^A08^ADT_A01' }), ['AR', '200']],
      // A merge is not read here: the PACS is corrected, and the service follows it.
      [oru({ lines, type: 'ADT^A40^ADT_A39' }), ['AR', '200']],
      [oru({ lines, type: 'ORU^R32^ORU_R32' }), ['AR', '201']],
      [oru({ lines, processing: 'T' }), ['AR', '202']],
      [oru({ lines, controlId: '' }), ['AE', '101']],
      [oru({ lines }).replace(/OBR[\s\S]*/, ''), ['AE', '100']],
      [oru({ lines, characterSet: 'KLINGON' }), ['AE', '102']],
      [oru({ lines }) + 'OBR|2|P|F\r'.repeat(1_000), ['AE', '102']],
    ] as const) {
      const [head] = message.split('\r');
      const bytes = await exchangeBytes(port, framed(message), { isDone: (received) => received.includes(0x1c) });
      const [, code, controlId] = /MSA\|(\w\w)\|([^|\r]*)/.exec(bytes.toString())!;
      const [, condition] = /ERR\|\|[^|]*\|(\d+)\^/.exec(bytes.toString())!;
      assert.deepEqual([code, condition, controlId], [...expected, head!.split('|')[9]], head);
      assert.ok(!bytes.toString().includes('PHANTOM'), 'no attribute of the patient');
    }
    assert.deepEqual(await states(), before);
  });

  test('bytes that are no message, or too many, or too slow, end the connection; the next sender is served', async () => {
    assert.equal((await exchangeBytes(port, Buffer.from('GET / HTTP/1.1\r\n\r\n'))).toString(), '');
    assert.match(
      (await exchangeBytes(port, framed('no message'), { isDone: (received) => received.includes(0x1c) })).toString(),
      /MSA\|AR\|\|/,
    );
    const large = await exchangeBytes(port, framed(oru({ controlId: 'BIG', lines: ['x'.repeat(30_000)] })));
    assert.match(large.toString(), /MSA\|AR\|BIG\|/);
    const invalid = Buffer.from(oru({ controlId: 'UTF', lines: ['Erg\u00fcsse'] }), 'latin1');
    assert.match(
      (await exchangeBytes(port, framed(invalid), { isDone: (received) => received.includes(0x1c) })).toString(),
      /MSA\|AE\|UTF\|/,
    );
    const slow = performance.now();
    assert.equal((await exchangeBytes(port, Buffer.of(0x0b, 0x4d))).toString(), '');
    assert.ok(performance.now() - slow >= 2_900);
    await accepted(oru({ controlId: 'LAST', order: 'Z', accession: 'NONE', lines: ['Erguss.'] }));
  });
});

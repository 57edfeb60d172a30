import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openAuditLog } from '../../src/audit/audit-log.js';
import { radiologyReportsSettings } from '../../src/config/radiology-reports.js';
import { loadFindings } from '../../src/findings-config.js';
import { silentLog } from '../../src/log.js';
import type { ReceivedReport, ReportTextPorts } from '../../src/radiology-reports/ports.js';
import { matchStored } from '../../src/radiology-reports/match-stored-report.js';
import { receiveReport } from '../../src/radiology-reports/radiology-report-story.js';
import { identityKeys, reportKeys, reportPatientOf } from '../../src/radiology-reports/report-keys.js';
import { reportTextPortsOf } from '../../src/service/ports/report-ports.js';
import type { Store } from '../../src/store/store.js';
import { openEmptyStore, storeBackends } from '../support/store.js';

const dayMs = 86_400_000;

for (const backend of storeBackends()) {
  describe(`reports as time passes, on ${backend.name}`, { skip: backend.missing }, () => {
    let store: Store;
    /** Real, because what the database itself computes follows its own clock. */
    const today = new Date();
    before(async () => {
      store = await openEmptyStore(backend);
    });
    after(async () => {
      await store?.close();
      await backend.stop();
    });

    const portsAt = async (days: number, settings: object = {}): Promise<ReportTextPorts> => {
      const ports = await reportTextPortsOf(
        { radiologyReports: radiologyReportsSettings.parse({ fhir: true, ...settings }) },
        loadFindings('config/findings.json'),
        {
          store,
          pacs: { retrieveStudyMetadata: () => Promise.reject(new Error('not needed here')) },
          audit: openAuditLog(store.audit, silentLog),
          log: silentLog,
        },
      );
      return { ...ports!, clock: { now: () => inDays(days) } };
    };
    const inDays = (days: number): Date => new Date(today.getTime() + days * dayMs);
    const reportOf = (name: string, changes: Partial<ReceivedReport> = {}): ReceivedReport => ({
      source: 'fhir',
      identifier: name,
      isWithdrawn: false,
      text: 'Pneumonia. No effusion.',
      accessionNumber: `ACC ${name}`,
      patients: [{ id: `ID ${name}`, issuers: ['HOSP'] }],
      statedAt: today,
      ...changes,
    });
    const receive = async (report: ReceivedReport, days: number, settings: object = {}) =>
      receiveReport(report, { actor: 'test' }, await portsAt(days, settings));
    const stored = async (report: ReceivedReport) => {
      const ports = await portsAt(0);
      return store.radiologyReports.find(reportKeys(report, ports).reportKey);
    };
    const matchAgain = async (report: ReceivedReport, days: number) => matchStored((await stored(report))!, await portsAt(days));
    const studyOf = (name: string): string => `1.2.826.0.1.3680043.9.7.${[...name].map((one) => one.charCodeAt(0)).join('')}`;
    const identify = async (name: string, patientId = `ID ${name}`): Promise<void> => {
      const stated = { accessionNumber: `ACC ${name}`, patientId, patientIssuer: 'HOSP' };
      await store.radiologyReports.identify(identityKeys(studyOf(name), stated, today, await portsAt(0)));
    };
    /** A study with a result, and its identity. */
    const putStudy = async (name: string): Promise<void> => {
      await store.studies.seen({ studyInstanceUID: studyOf(name), orthancId: `o ${name}`, at: today });
      await store.results.recordResult({
        resultId: `result ${name}`,
        studyInstanceUID: studyOf(name),
        createdAt: today,
        outcome: 'reported',
        inputKey: 'k',
        rule: 'chest',
        documents: [],
      });
      await identify(name);
    };
    const sweepAt = (days: number) => store.radiologyReports.endWaiting(inDays(days), 30 * dayMs);
    const labels = async (name: string) =>
      (await store.labels.ofStudy(studyOf(name))).map(({ finding, decision }) => `${finding} ${decision}`).sort();
    const all = ['abnormal present', 'opacity present', 'pleural-effusion absent', 'pneumonia present'];

    test('a matched report whose patient is corrected in the PACS waits as long as a new one, and keeps its findings', async () => {
      const report = reportOf('corrected');
      await putStudy('corrected');
      assert.equal((await receive(report, -100)).state, 'matched');
      assert.deepEqual(await labels('corrected'), all);
      await identify('corrected', 'ANOTHER');
      assert.deepEqual((({ state, reason }) => [state, reason])(await matchAgain(report, 0)), ['waiting', 'patient-differs']);
      assert.deepEqual(await labels('corrected'), []);
      // A reason that stays, or another one, gives no further time.
      await matchAgain(report, 20);
      await sweepAt(29);
      await identify('corrected');
      assert.equal((await matchAgain(report, 29)).state, 'matched');
      assert.deepEqual(await labels('corrected'), all);
      await identify('corrected', 'ANOTHER');
      await matchAgain(report, 200);
      await sweepAt(229);
      assert.equal((await stored(report))?.state, 'waiting', 'the second time as long');
      await sweepAt(231);
      assert.deepEqual((({ state, findings }) => [state, findings])((await stored(report))!), ['unmatched', []]);
    });

    test('a report whose study is deleted waits again as long as a new one', async () => {
      const report = reportOf('deleted');
      await putStudy('deleted');
      await receive(report, -100);
      for (const round of ['first', 'second']) {
        await store.studies.forget(studyOf('deleted'));
        await sweepAt(29);
        assert.equal((await stored(report))?.state, 'waiting', round);
        await putStudy('deleted');
        assert.equal((await matchAgain(report, 29)).state, 'matched');
        assert.deepEqual(await labels('deleted'), all);
      }
      await store.studies.forget(studyOf('deleted'));
      await sweepAt(31);
      assert.equal((await stored(report))?.state, 'unmatched');
    });

    test('the hashes of a deleted study stay while a message about it does, and no longer', async () => {
      for (const name of ['sent', 'unsent']) await putStudy(`gone ${name}`);
      await store.sql.query({
        text: `INSERT INTO chest_ai.message (message_id, channel, study_instance_uid, result_id, planned_at, is_correction, findings, state, changed_at)
          VALUES ('m', 'ris', $1, 'r', now(), false, '[]', 'accepted', now())`,
        values: [studyOf('gone sent')],
      });
      const known = async () => {
        const ports = await portsAt(0);
        const found: string[] = [];
        for (const name of ['gone sent', 'gone unsent'])
          for (const { studyInstanceUID } of await store.erasures.studiesOf(reportPatientOf(`ID ${name}`, 'HOSP', ports)))
            found.push(studyInstanceUID);
        return found;
      };
      assert.equal((await store.erasures.studiesOf(reportPatientOf('ID gone sent', 'OTHER', await portsAt(0)))).length, 0);
      assert.deepEqual(await known(), [studyOf('gone sent'), studyOf('gone unsent')]);
      for (const name of ['sent', 'unsent']) await store.studies.forget(studyOf(`gone ${name}`));
      await sweepAt(0);
      assert.deepEqual(await known(), [studyOf('gone sent')]);
      await store.sql.query({ text: "DELETE FROM chest_ai.message WHERE message_id = 'm'" });
      await putStudy('gone unsent');
      await sweepAt(0);
      assert.deepEqual(
        await known(),
        [studyOf('gone unsent')],
        'the sweep removes what nothing remains of, and keeps a study with a result',
      );
      await store.studies.forget(studyOf('gone unsent'));
    });

    test('an unmatched report that is sent again is read again, and waits again', async () => {
      const report = reportOf('again');
      assert.equal((await receive(report, 0)).state, 'waiting');
      assert.equal((await receive(report, 1)).outcome, 'unchanged');
      await sweepAt(31);
      assert.deepEqual((({ state, findings }) => [state, findings])((await stored(report))!), ['unmatched', []]);
      await putStudy('again');
      assert.deepEqual(await receive(report, 32), { outcome: 'stored', state: 'matched', studyInstanceUID: studyOf('again') });
      assert.deepEqual(await labels('again'), all);
      assert.equal((await receive(report, 33)).outcome, 'unchanged');
    });

    test('names of an issuer that were added to the settings count for a report that is sent again', async () => {
      const report = reportOf('issuer', { patients: [{ id: 'ID issuer', issuers: ['1.2.3'] }] });
      const settings = { issuers: [['HOSP', '1.2.3']] };
      await putStudy('issuer');
      assert.equal((await receive(report, 0)).reason, 'patient-differs');
      assert.equal((await receive(report, 0, settings)).state, 'matched');
      assert.equal((await receive(report, 0, settings)).outcome, 'unchanged');
    });

    test('a match that was computed of an earlier version is not recorded for the later one', async () => {
      const report = reportOf('race');
      await receive(report, 0);
      const earlier = (await stored(report))!;
      await putStudy('race');
      await receive({ ...report, text: 'No pneumonia.', accessionNumber: 'ACC elsewhere', statedAt: inDays(1) }, 1);
      const match = { state: 'matched' as const, studyInstanceUID: studyOf('race'), reason: null };
      assert.equal(await store.radiologyReports.setMatch(earlier, match, { now: today, waitMs: dayMs }), false);
      assert.equal((await matchStored(earlier, await portsAt(1))).reason, 'no-study');
      await receive({ ...report, isWithdrawn: true, statedAt: inDays(2) }, 2);
      assert.equal((await matchStored(earlier, await portsAt(2))).state, 'withdrawn');
      assert.equal((await stored(report))?.state, 'withdrawn');
      assert.deepEqual(await labels('race'), []);
    });

    test('a withdrawn report is forgotten like one that is unmatched', async () => {
      const withdrawn = reportOf('withdrawn', { isWithdrawn: true });
      await receive(withdrawn, 0);
      await sweepAt(59);
      assert.equal((await stored(withdrawn))?.state, 'withdrawn');
      await sweepAt(61);
      assert.equal(await stored(withdrawn), undefined);
    });

    test('when reports are no longer read, labels, differences and identities go, and every report in time', async () => {
      const report = reportOf('off');
      await putStudy('off');
      await receive(report, -200);
      const rows = async (table: string) => (await store.sql.query({ text: `SELECT 1 FROM chest_ai.${table}` })).rows.length;
      await store.sql.query({
        text: `INSERT INTO chest_ai.discordance (study_instance_uid, finding, kind, probability, gap, result_id, report_key, found_at)
          VALUES ($1, 'pneumonia', 'report-silent', 0.9, 0.9, 'r', 'k', now())`,
        values: [studyOf('off')],
      });
      assert.ok((await store.radiologyReports.endReading(today, 30 * dayMs)) >= 4);
      assert.deepEqual([await labels('off'), await rows('discordance'), await rows('identified_study')], [[], 0, 0]);
      await sweepAt(29);
      assert.equal((await stored(report))?.state, 'waiting');
      // Read again in time.
      await identify('off');
      assert.equal((await matchAgain(report, 29)).state, 'matched');
      assert.deepEqual(await labels('off'), all);
      await store.radiologyReports.endReading(today, 30 * dayMs);
      await sweepAt(61);
      await sweepAt(400);
      assert.equal(await rows('radiology_report'), 0);
    });

    test('erasing finds reports that are not matched by the patient ID and its issuer', async () => {
      const id = 'P \u00c4 1';
      const of = (name: string, issuers: readonly string[], changes: Partial<ReceivedReport> = {}) =>
        reportOf(name, { patients: [{ id, issuers }], ...changes });
      const reports = {
        waiting: of('waiting', ['HOSP']),
        withdrawn: of('taken back', ['HOSP'], { isWithdrawn: true }),
        unmatched: of('unmatched', [], { accessionNumber: undefined }),
        merged: of('merged', ['HOSP'], {
          patients: [
            { id: 'OLD', issuers: ['HOSP'] },
            { id: ` ${id.normalize('NFD')} `, issuers: ['1.2.3'] },
          ],
        }),
        elsewhere: of('elsewhere', ['OTHER']),
        another: reportOf('another', { patients: [{ id: 'P Z 1', issuers: ['HOSP'] }] }),
      };
      const settings = { issuers: [['HOSP', '1.2.3']] };
      const states: string[] = [];
      for (const report of Object.values(reports)) states.push((await receive(report, 0, settings)).state);
      assert.deepEqual(states, ['waiting', 'withdrawn', 'unmatched', 'waiting', 'waiting', 'waiting']);
      const left = async () => {
        const found: string[] = [];
        for (const [name, report] of Object.entries(reports)) if (await stored(report)) found.push(name);
        return found;
      };
      const ports = await portsAt(0, settings);
      const countOf = async (issuer?: string) =>
        (await store.erasures.count([], reportPatientOf(` ${id}`, issuer, ports)))['radiology_report'];
      assert.deepEqual(
        [await countOf(), await countOf('HOSP'), await countOf('1.2.3'), await countOf('OTHER'), await countOf('')],
        [5, 4, 4, 2, 1],
      );
      assert.equal((await store.erasures.count([]))['radiology_report'], 0);
      assert.equal((await store.erasures.erase([], reportPatientOf(id, 'HOSP', ports)))['radiology_report'], 4);
      assert.deepEqual(await left(), ['elsewhere', 'another']);
      assert.equal((await store.erasures.erase([], reportPatientOf(id, undefined, ports)))['radiology_report'], 1);
      assert.deepEqual(await left(), ['another']);
    });

    test('erasing of a study finds reports with its accession number that are not matched, but not those of another patient', async () => {
      await putStudy('erased');
      const accessionNumber = 'ACC erased';
      const reports = {
        anonymous: reportOf('e1', { accessionNumber, patients: [], isWithdrawn: true }),
        same: reportOf('e2', { accessionNumber, patients: [{ id: 'ID erased', issuers: ['ELSEWHERE'] }] }),
        another: reportOf('e3', { accessionNumber }),
        matched: reportOf('e4', { accessionNumber, patients: [{ id: 'ID erased', issuers: [] }] }),
      };
      const states: string[] = [];
      for (const report of Object.values(reports)) states.push((await receive(report, 0)).state);
      assert.deepEqual(states, ['withdrawn', 'waiting', 'waiting', 'matched']);
      assert.equal((await store.erasures.count([studyOf('erased')]))['radiology_report'], 3);
      await store.erasures.mark([studyOf('erased')]);
      assert.equal((await store.erasures.erase([studyOf('erased')]))['radiology_report'], 3);
      for (const [name, report] of Object.entries(reports)) assert.equal((await stored(report)) !== undefined, name === 'another', name);
    });
  });
}

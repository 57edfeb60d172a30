import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openAuditLog } from '../../src/audit/audit-log.js';
import { textOf } from '../../src/dicom/data-set.js';
import { silentLog } from '../../src/log.js';
import { removeSuperseded, type RemovalPorts } from '../../src/retention/remove-superseded.js';
import { supersededDocuments } from '../../src/retention/superseded.js';
import type { RunningService } from '../../src/service/start-service.js';
import { startJobs } from '../../src/jobs/jobs.js';
import { retentionPortsOf } from '../../src/service/ports/retention-ports.js';
import { storeLocation } from '../../src/store/store-location.js';
import { openStore } from '../../src/store/store.js';
import { keyObjectSelection } from '../../src/sr/key-object-selection.js';
import { chestAi } from '../support/chest-ai-command.js';
import { chestStudy, type TestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { startFaultyProxy, type FaultyProxy } from '../support/faulty-proxy.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { configFor, documentsOf, eventuallyOneResult, startTestService } from '../support/service.js';

const dayMs = 86_400_000;
const inDays = (days: number): Date => new Date(Date.now() + days * dayMs);
const never = new AbortController().signal;

describe('superseded documents are removed after days', () => {
  let proxy: FaultyProxy;
  let service: RunningService;
  after(async () => {
    await service.stop();
    await proxy.close();
  });
  const pacs = useOrthanc();
  const dataDir = temporaryDirectory('retention');
  const removed: string[] = [];
  let ports: RemovalPorts;

  before(async () => {
    proxy = await startFaultyProxy(pacs.orthanc);
    const options = { dataDir, url: proxy.url };
    service = await startTestService(pacs.orthanc, options);
    const audit = openAuditLog(service.store.audit, silentLog);
    const { pacs: access, store, jobs } = service;
    const parts = { config: configFor(pacs.orthanc, options), pacs: access, store, jobs, audit, log: silentLog };
    ports = { ...retentionPortsOf(parts), onRemoved: (kind) => void removed.push(kind) };
  });

  const remove = (days: number, limits: { readonly reportsDays?: number; readonly heatMapsDays?: number }, signal = never) =>
    removeSuperseded({ now: inDays(days), reportsDays: limits.reportsDays, heatMapsDays: limits.heatMapsDays }, ports, signal);
  const instancesOf = ({ studyInstanceUID }: TestStudy) => pacs.dicomWeb.retrieveStudyMetadata(studyInstanceUID);
  const countsOf = async ({ studyInstanceUID }: TestStudy) => {
    const { all, current, heatMaps } = await documentsOf(pacs.dicomWeb, studyInstanceUID);
    return { reports: all.length, current: current.length, heatMaps: heatMaps.length };
  };

  /** A study with three results, of which each superseded the one before. */
  async function threeResults(
    name: string,
    afterSecond: (study: TestStudy) => Promise<unknown> = async () => undefined,
  ): Promise<TestStudy> {
    const study = chestStudy(name);
    for (const number of [1, 2, 3]) {
      await sendByCStore(chestStudy(name, [{ number }]).files, pacs.orthanc);
      await eventuallyOneResult(pacs.dicomWeb, study.studyInstanceUID, { total: number });
      await eventually('indexed', async () => {
        const rows = await service.store.results.ofStudy(study.studyInstanceUID);
        assert.equal(rows.length, number);
        assert.equal((await service.store.studies.find(study.studyInstanceUID))?.state, 'done');
      });
      if (number === 2) await afterSecond(study);
    }
    return study;
  }

  const assess = (study: TestStudy) =>
    service.assessments.give({
      studyInstanceUID: study.studyInstanceUID,
      reader: service.assessments.readerOf('anna'),
      findings: [{ name: 'pneumonia', decision: 'absent' }],
      origin: 'api',
    });

  /** What was sent last has its result: the service has read the change log and compared the newest studies since. */
  async function afterAnotherStudy(name: string): Promise<void> {
    const other = chestStudy(name);
    await sendByCStore(other.files, pacs.orthanc);
    await eventuallyOneResult(pacs.dicomWeb, other.studyInstanceUID);
  }

  test('heat maps first, then reports; the current result stays, also for the watcher, and the audit log has an entry before', async () => {
    const study = await threeResults('three results');
    const before = await countsOf(study);
    const current = (await service.store.results.currentResult(study.studyInstanceUID))!;
    const present = new Set((await instancesOf(study)).map((one) => textOf(one, 'SOPInstanceUID')!));
    const perResult = before.heatMaps / 3;
    assert.ok(perResult >= 1 && Number.isInteger(perResult), 'each result has heat maps');
    assert.equal(await remove(5, { reportsDays: 10, heatMapsDays: 10 }), 0);
    assert.equal(await remove(5, {}), 0);
    assert.equal(await remove(11, { heatMapsDays: 10 }), 2 * perResult);
    assert.deepEqual(await countsOf(study), { ...before, heatMaps: perResult });
    assert.equal(await remove(11, { reportsDays: 10, heatMapsDays: 10 }), before.reports - before.current);
    assert.deepEqual(await countsOf(study), { reports: before.current, current: before.current, heatMaps: perResult });
    assert.deepEqual(new Set(removed), new Set(['heat-map', 'report']));
    assert.equal(await remove(11, { reportsDays: 10, heatMapsDays: 10 }), 0);

    await afterAnotherStudy('after three results');
    assert.deepEqual(
      await countsOf(study),
      { reports: before.current, current: before.current, heatMaps: perResult },
      'nothing is written again',
    );
    const now = (await service.store.results.currentResult(study.studyInstanceUID))!;
    assert.deepEqual(now, current);
    const superseded = (await service.store.results.ofStudy(study.studyInstanceUID)).filter((one) => !one.isCurrent);
    assert.deepEqual(
      superseded.map((one) => [one.documents.length, one.findings.length > 0]),
      [
        [0, true],
        [0, true],
      ],
      'what was reported stays in the index',
    );
    const entries = (await service.store.audit.list({ action: 'document.remove' })).filter((one) =>
      one.subject.includes(study.studyInstanceUID),
    );
    assert.deepEqual(
      entries.map(({ actor, outcome }) => [actor, outcome]),
      [
        ['service', 'done'],
        ['service', 'intended'],
        ['service', 'done'],
        ['service', 'intended'],
      ],
    );
    const named = entries.flatMap((one) => (JSON.parse(one.subject) as { sopInstanceUIDs: string[] }).sopInstanceUIDs);
    const gone = [...present].filter((uid) => !current.documents.some((one) => one.sopInstanceUID === uid));
    assert.ok(named.every((uid) => gone.includes(uid)));
  });

  test('a new image supersedes the result as ever, with the chain of the remaining documents', async () => {
    const study = chestStudy('three results');
    await sendByCStore(chestStudy('three results', [{ number: 4 }]).files, pacs.orthanc);
    await eventuallyOneResult(pacs.dicomWeb, study.studyInstanceUID, { total: 2 });
  });

  test('what an assessment names stays, and what it superseded is removed; the assessment stays', async () => {
    const study = await threeResults('assessed', assess);
    const assessmentsBefore = (await service.store.assessments.ofStudy(study.studyInstanceUID)).length;
    const { all, current } = await documentsOf(pacs.dicomWeb, study.studyInstanceUID);
    const second = all.filter((one) => current[0]!.report.predecessors.some((uid) => uid.sopInstanceUID === one.reference.sopInstanceUID));
    assert.ok(second.length > 0 && second.length < all.length - current.length);
    await remove(11, { reportsDays: 10 });
    const left = (await documentsOf(pacs.dicomWeb, study.studyInstanceUID)).all.map((one) => one.reference.sopInstanceUID);
    assert.deepEqual(left.sort(), [...second, ...current].map((one) => one.reference.sopInstanceUID).sort());
    assert.equal((await service.store.assessments.ofStudy(study.studyInstanceUID)).length, assessmentsBefore);
    assert.ok((await instancesOf(study)).some((one) => textOf(one, 'StationName') === 'CHEST-AI-READER'));
  });

  test('interrupted after any document, the current one alone is current, and the next run completes it', async () => {
    const study = await threeResults('interrupted');
    const { current, reports } = await countsOf(study);
    const newest = (await documentsOf(pacs.dicomWeb, study.studyInstanceUID)).current.map((one) => one.reference.sopInstanceUID).sort();
    for (let left = reports; left > current; left--) {
      const stopping = new AbortController();
      const stopped = removeSuperseded(
        { now: inDays(11), reportsDays: 10, heatMapsDays: undefined },
        { ...ports, onRemoved: () => stopping.abort(new Error('stopped')) },
        stopping.signal,
      );
      if (left - 1 > current) await assert.rejects(stopped, /stopped/);
      else await stopped.catch(() => undefined);
      const documents = await documentsOf(pacs.dicomWeb, study.studyInstanceUID);
      assert.equal(documents.all.length, left - 1);
      assert.deepEqual(documents.current.map((one) => one.reference.sopInstanceUID).sort(), newest);
    }
    assert.equal(await remove(11, { reportsDays: 10 }), 0);
    const rows = await service.store.results.ofStudy(study.studyInstanceUID);
    assert.deepEqual(
      rows.filter((one) => !one.isCurrent).map((one) => one.documents.filter(({ kind }) => kind !== 'heat-map').length),
      [0, 0],
    );
  });

  test('a fault of the PACS in one study: the next run completes it', async () => {
    const study = await threeResults('fault');
    const { current } = await countsOf(study);
    proxy.misbehave({ kind: 'status', status: 500 }, { only: /^DELETE / });
    assert.equal(await remove(11, { reportsDays: 10 }), 0);
    proxy.behave();
    assert.ok((await remove(11, { reportsDays: 10 })) > 0);
    assert.equal((await countsOf(study)).reports, current);
  });

  test('a document of somebody else, a verified one, a current one by index or PACS, one without time: none is removed', async () => {
    const study = await threeResults('foreign');
    const instances = await instancesOf(study);
    const times = { now: inDays(11), reportsDays: 10, heatMapsDays: 10 };
    const removable = (given: typeof instances, indexed: readonly string[] = []): readonly string[] =>
      supersededDocuments(study.studyInstanceUID, given, new Set(indexed), times).map((one) => one.reference.sopInstanceUID);
    const all = removable(instances);
    assert.ok(all.length > 4);
    const [first] = all;
    const changed = (attributes: object) =>
      instances.map((one) => (textOf(one, 'SOPInstanceUID') === first ? { ...one, ...attributes } : one));
    for (const attributes of [{ StationName: 'OTHER' }, { VerificationFlag: 'VERIFIED' }, { Manufacturer: 'Other' }])
      assert.ok(!removable(changed(attributes)).includes(first!), JSON.stringify(attributes));
    assert.ok(!removable(instances, [first!]).includes(first!));
    // A key object selection keeps what it names: of another system always, of this one until a later one rejects it.
    const reference = (sopInstanceUID: string) => [
      {
        ReferencedSeriesSequence: [
          { SeriesInstanceUID: '1.2', ReferencedSOPSequence: [{ ReferencedSOPClassUID: '1.2', ReferencedSOPInstanceUID: sopInstanceUID }] },
        ],
        StudyInstanceUID: study.studyInstanceUID,
      },
    ];
    const report = instances.find((one) => textOf(one, 'SOPInstanceUID') === first)!;
    const selection = (uid: string, title: string, named: string, StationName: string) => ({
      ...report,
      StationName,
      Modality: 'KO',
      SOPClassUID: keyObjectSelection,
      SOPInstanceUID: uid,
      ConceptNameCodeSequence: [{ CodeValue: title, CodingSchemeDesignator: 'DCM', CodeMeaning: title }],
      CurrentRequestedProcedureEvidenceSequence: reference(named),
    });
    const ours = textOf(report, 'StationName')!;
    assert.ok(!removable([...instances, selection('2.25.1', '113000', first!, 'OTHER')]).includes(first!));
    assert.ok(!removable([...instances, selection('2.25.1', '113000', first!, ours)]).includes(first!));
    const withRejection = [...instances, selection('2.25.1', '113000', first!, ours), selection('2.25.2', '113037', '2.25.1', ours)];
    assert.ok(removable(withRejection).includes(first!));
    // The index names a document of the first result: it stays, and with it the second result, which keeps it from being current.
    const kept = new Set(removable(instances, [first!]));
    const own = (await documentsOf(pacs.dicomWeb, study.studyInstanceUID)).all;
    const successors = own.filter((one) => one.report.predecessors.some(({ sopInstanceUID }) => sopInstanceUID === first));
    assert.ok(successors.length > 0 && successors.every((one) => !kept.has(one.reference.sopInstanceUID)));
    // The newest report is missing: what it superseded is current again.
    const current = new Set(
      (await documentsOf(pacs.dicomWeb, study.studyInstanceUID)).current.map((one) => String(one.reference.sopInstanceUID)),
    );
    const withoutNewest = instances.filter((one) => !current.has(textOf(one, 'SOPInstanceUID')!));
    const restored = successors.map((one) => one.reference.sopInstanceUID);
    assert.ok(restored.every((uid) => !removable(withoutNewest).includes(uid)));
  });

  test('an index that is rebuilt from the remaining documents has the same current results', async () => {
    const uid = chestStudy('interrupted').studyInstanceUID;
    const current = (await service.store.results.currentResult(uid))!;
    const rebuiltDir = temporaryDirectory('retention-rebuilt');
    const { url, username, password } = pacs.orthanc;
    const environment = { DATA_DIR: rebuiltDir, ORTHANC_URL: url, ORTHANC_USERNAME: username ?? '', ORTHANC_PASSWORD: password ?? '' };
    const { code, stderr } = await chestAi(['rebuild'], environment);
    assert.equal(code, 0, stderr);
    const store = await openStore(storeLocation({ ...configFor(pacs.orthanc), dataDir: rebuiltDir, database: {} }), silentLog);
    const jobs = await startJobs(store, silentLog);
    try {
      const rows = await store.results.ofStudy(uid);
      assert.deepEqual(
        rows.map((one) => [one.resultId, one.isCurrent]),
        [[current.resultId, true]],
      );
    } finally {
      await jobs.stop();
      await store.close();
    }
  });
});

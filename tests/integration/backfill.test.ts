import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ShownBackfill } from '../../src/server/page-types.js';
import type { RunningService } from '../../src/service/start-service.js';
import { archiveStudies, filesOf } from '../support/archive-studies.js';
import { chestAi } from '../support/chest-ai-command.js';
import { chestStudy, type TestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { startFaultyProxy, type FaultyProxy } from '../support/faulty-proxy.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { assertOneCurrentResult, documentsOf, eventuallyOneResult, startTestService } from '../support/service.js';

const image = /^GET \/dicom-web\/studies\/[^/]+\/series\/[^/]+\/instances\/[^/]+$/;
const patience = { timeoutMs: 60_000 };

const range = (year: number) => ({ since: `${year}-03-01`, until: `${year}-05-31` });

/** `20-06` around or beside this hour of the zone of the process. */
function hoursAround(hour: number): string {
  return `${hour % 24}-${(hour + 2) % 24}`;
}

describe('analysis of the archive', () => {
  let proxy: FaultyProxy;
  let service: RunningService | undefined;
  after(async () => {
    await service?.stop();
    await proxy.close();
  });
  const pacs = useOrthanc();
  const dataDir = temporaryDirectory('backfill');
  // All are in the PACS before the service reads it for the first time; what is sent later has just arrived.
  const archive = {
    all: archiveStudies(2015, 12),
    outside: ['20150228', '20150601'].map((StudyDate) => chestStudy(`outside ${StudyDate}`, [{ attributes: { StudyDate } }])),
    ward: chestStudy('of the ward', [{ attributes: { StudyDate: '20160310', StudyDescription: 'WARD' } }]),
    other: chestStudy('not of the ward', [{ attributes: { StudyDate: '20160311' } }]),
    limited: archiveStudies(2017, 7),
    vanishing: archiveStudies(2018, 6),
    behind: archiveStudies(2019, 8),
  };
  const routingFile = join(dataDir, 'rules.yaml');

  let token = '';
  const request = async (path: string, body?: unknown): Promise<Response> =>
    fetch(`${service!.url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const begin = async (body: object): Promise<ShownBackfill> => {
    const response = await request('/api/backfills', body);
    assert.equal(response.status, 201, await response.clone().text());
    return (await response.json()) as ShownBackfill;
  };
  const change = async (id: number, verb: string): Promise<ShownBackfill> => {
    const response = await request(`/api/backfills/${id}/${verb}`, {});
    assert.equal(response.status, 200, await response.clone().text());
    return (await response.json()) as ShownBackfill;
  };
  const shown = async (id: number): Promise<ShownBackfill> =>
    ((await (await request('/api/backfills')).json()) as readonly ShownBackfill[]).find((one) => one.id === id)!;
  const eventuallyDone = (id: number): Promise<ShownBackfill> =>
    eventually(
      `backfill ${id} is done`,
      async () => {
        const now = await shown(id);
        assert.equal(now.state, 'done', JSON.stringify(now));
        return now;
      },
      patience,
    );
  const hasResult = async ({ studyInstanceUID }: TestStudy): Promise<boolean> =>
    (await service!.store.results.currentResult(studyInstanceUID)) !== undefined;

  before(async () => {
    proxy = await startFaultyProxy(pacs.orthanc);
    writeFileSync(
      routingFile,
      [
        'rules:',
        '  - { name: ward, when: { modality: CR, studyDescription: "WARD" }, action: analyse }',
        '  - { name: chest, when: { modality: CR, bodyPart: CHEST }, action: analyse }',
      ].join('\n'),
    );
    const added = await chestAi(['tokens', 'add', 'archive', '--role', 'admin'], { DATA_DIR: dataDir });
    token = added.lines.at(-1)!.trim();
    await sendByCStore(filesOf(Object.values(archive).flat()), pacs.orthanc);
    service = await startTestService(pacs.orthanc, {
      url: proxy.url,
      dataDir,
      routingFile,
      orthanc: { analyseArchive: false },
      work: { studies: 1 },
    });
  });

  test('every study of the days is analysed, no other one; figures and entries in the audit log', async () => {
    const { all: studies, outside } = archive;
    const { id, state, createdBy, ...created } = await begin({ ...range(2015), perHour: 100_000 });
    assert.deepEqual({ state, createdBy }, { state: 'running', createdBy: 'token:archive' });
    assert.deepEqual([created.since, created.until], ['2015-03-01', '2015-05-31']);
    const second = await request('/api/backfills', range(2016));
    assert.equal(second.status, 400);
    assert.match(await second.text(), /no other backfill in progress, found backfill \d+, which is running/);
    const done = await eventuallyDone(id);
    assert.deepEqual(
      [done.found, done.finished, done.done, done.queued, done.unchanged + done.skipped + done.failed + done.vanished],
      [12, 12, 12, 0, 0],
    );
    for (const { studyInstanceUID } of studies) await assertOneCurrentResult(pacs.dicomWeb, studyInstanceUID);
    for (const { studyInstanceUID } of outside) assert.deepEqual((await documentsOf(pacs.dicomWeb, studyInstanceUID)).all, []);
    const entries = await service!.store.audit.list({ action: 'backfill' });
    assert.deepEqual(
      entries.map(({ action, outcome, actor }) => [action, outcome, actor]),
      [
        ['backfill.start', 'failed', 'token:archive'],
        ['backfill.start', 'intended', 'token:archive'],
        ['backfill.start', 'done', 'token:archive'],
        ['backfill.start', 'intended', 'token:archive'],
      ],
    );
  });

  test('what has a current result is not analysed again', async () => {
    const { id } = await begin({ ...range(2015), perHour: 100_000 });
    const { found, unchanged, done } = await eventuallyDone(id);
    assert.deepEqual({ found, unchanged, done }, { found: 12, unchanged: 12, done: 0 });
  });

  test('only studies of a rule', async () => {
    const { ward, other } = archive;
    const refused = await request('/api/backfills', { ...range(2016), rule: 'wards' });
    assert.match(await refused.text(), /expected the name of a rule that analyses \(ward, chest\), found wards/);
    const { id } = await begin({ ...range(2016), rule: 'ward', perHour: 100_000 });
    const { found, skipped, done } = await eventuallyDone(id);
    assert.deepEqual({ found, skipped, done }, { found: 2, skipped: 1, done: 1 });
    assert.deepEqual([await hasResult(ward), await hasResult(other)], [true, false]);
  });

  test('the hourly limit, the hours, pause, resume, vanished studies, cancel', async () => {
    const studies = archive.limited;
    const hour = new Date().getHours();
    const elsewhen = await begin({ ...range(2017), perHour: 100_000, hours: hoursAround(hour + 3) });
    assert.equal(elsewhen.isWithinHours, false);
    const arrived = chestStudy('outside of the hours');
    await sendByCStore(arrived.files, pacs.orthanc);
    await eventuallyOneResult(pacs.dicomWeb, arrived.studyInstanceUID);
    assert.deepEqual(
      (({ found, queued, finished }) => ({ found, queued, finished }))(await shown(elsewhen.id)),
      { found: 0, queued: 0, finished: 0 },
      'nothing is searched or queued outside of the hours',
    );
    assert.equal((await change(elsewhen.id, 'cancel')).state, 'cancelled');
    assert.equal((await request(`/api/backfills/${elsewhen.id}/resume`, {})).status, 404);

    const { id } = await begin({ ...range(2017), perHour: 60, hours: hoursAround(hour) });
    await eventually('the first study is analysed', async () => assert.equal((await shown(id)).done, 1), patience);
    const next = chestStudy('beside the limit');
    await sendByCStore(next.files, pacs.orthanc);
    await eventuallyOneResult(pacs.dicomWeb, next.studyInstanceUID);
    const limited = await shown(id);
    const minutes = (Date.now() - Date.parse(limited.createdAt)) / 60_000;
    assert.ok(limited.done + limited.queued <= 1 + Math.ceil(minutes), `${limited.done} of 60 an hour in ${minutes} minutes`);
    assert.deepEqual([limited.found, limited.isSearched], [7, true]);
    assert.ok(limited.timeLeftMs !== undefined && limited.timeLeftMs > 0);

    const paused = await change(id, 'pause');
    assert.deepEqual([paused.state, paused.timeLeftMs], ['paused', undefined]);
    assert.equal((await request(`/api/backfills/${id}/pause`, {})).status, 404);
    const gone = [];
    for (const study of studies)
      if (gone.length < 3 && !(await hasResult(study))) {
        await pacs.client.deleteStudy((await pacs.client.findStudy(study.studyInstanceUID))!);
        gone.push(study);
      }
    assert.equal((await change(id, 'resume')).state, 'running');
    // The next one, without the limit, takes what is left.
    assert.equal((await change(id, 'cancel')).state, 'cancelled');
    const rest = await begin({ ...range(2017), perHour: 100_000 });
    const done = await eventuallyDone(rest.id);
    assert.deepEqual([done.found, done.failed, done.done + done.unchanged], [4, 0, 4]);
  });

  test('studies that vanish after they were found are counted and fail nothing', async () => {
    const studies = archive.vanishing;
    const { id } = await begin({ ...range(2018), perHour: 60 });
    await eventually(
      'all are found',
      async () => assert.deepEqual((({ found, isSearched }) => [found, isSearched])(await shown(id)), [6, true]),
      patience,
    );
    await eventually('the first study is analysed', async () => assert.equal((await shown(id)).done, 1), patience);
    for (const { studyInstanceUID } of studies.filter((_, n) => n % 3 === 2))
      await pacs.client.deleteStudy((await pacs.client.findStudy(studyInstanceUID))!);
    await service!.store.sql.query({ text: 'UPDATE chest_ai.backfill SET per_hour = 100000, next_at = now() WHERE id = $1', values: [id] });
    const { found, done, vanished, failed } = await eventuallyDone(id);
    assert.deepEqual({ found, done, vanished, failed }, { found: 6, done: 4, vanished: 2, failed: 0 });
    assert.deepEqual(await service!.jobs.failedJobs(), []);
  });

  test('a study that arrives is reported before those of the archive', async () => {
    const studies = archive.behind;
    proxy.misbehave({ kind: 'delay', delayMs: 1_500 }, { only: image });
    const { id } = await begin({ ...range(2019), perHour: 100_000 });
    await eventually('most are queued', async () => assert.ok((await shown(id)).queued >= 6), patience);
    const arrived = chestStudy('in front');
    await sendByCStore(arrived.files, pacs.orthanc);
    const { createdAt } = await eventually(
      'the one that arrived is reported',
      async () => {
        const current = await service!.store.results.currentResult(arrived.studyInstanceUID);
        assert.ok(current);
        return current;
      },
      patience,
    );
    proxy.behave();
    await eventuallyDone(id);
    const results = await Promise.all(studies.map((one) => service!.store.results.currentResult(one.studyInstanceUID)));
    const behind = results.filter((one) => one!.createdAt > createdAt).length;
    assert.ok(behind >= 3, `${behind} of 8 studies of the archive came after the one that arrived`);
  });
});

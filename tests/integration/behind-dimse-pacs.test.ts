import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { silentLog } from '../../src/log.js';
import { openStore } from '../../src/store/store.js';
import { chestAi, objects, type CommandRun } from '../support/chest-ai-command.js';
import { chestStudy } from '../support/chest-study.js';
import { noDcmqrscp, startDimsePacs, type DimsePacs } from '../support/dcmqrscp.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { blockOfGuide } from '../support/nginx.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { eventuallyOneResult, startTestService } from '../support/service.js';

const skip = noDcmqrscp();
const [pacsPort, deafPort, closedPort, dicomPort] = [await freePort(), await freePort(), await freePort(), await freePort()];
const at = (port: number, aet = 'PACS') => ({ aet, host: '127.0.0.1', port });

describe('behind a PACS that speaks DIMSE only', { ...(skip ? { skip } : {}) }, () => {
  let pacs: DimsePacs;
  /** Knows Orthanc by a port at which nothing listens. */
  let deaf: DimsePacs;
  after(() => {
    pacs?.stop();
    deaf?.stop();
  });
  const orthanc = useOrthanc({ dicomPort, modalities: { PACS: at(pacsPort), DEAF: at(deafPort), CLOSED: at(closedPort) } });
  const dataDir = temporaryDirectory('behind-dimse-pacs');
  const retrieve = (...args: string[]): Promise<CommandRun> => {
    const { url, username, password } = orthanc.orthanc;
    const environment = { ORTHANC_URL: url, ORTHANC_USERNAME: username, ORTHANC_PASSWORD: password, DATA_DIR: dataDir };
    return chestAi(['retrieve', ...args], environment, 120_000);
  };
  const days = ['--since', '2026-01-01', '--until', '2026-01-04', '--per-hour', '100000'];
  const [first, second, other] = [
    chestStudy('dimse first', [{}, { view: 'lateral' }]),
    chestStudy('dimse second', [{ attributes: { StudyDate: '20260103' } }]),
    chestStudy('dimse other day', [{ attributes: { StudyDate: '20260109' } }]),
  ];
  before(async () => {
    pacs = await startDimsePacs(pacsPort, { CHESTAI: dicomPort });
    deaf = await startDimsePacs(deafPort, { CHESTAI: closedPort });
  });

  test('the PACS forwards by C-STORE, and the findings go back by C-STORE', async () => {
    const routingFile = join(temporaryDirectory('dimse-routing'), 'routing.yaml');
    writeFileSync(routingFile, blockOfGuide('behind-your-pacs', 'yaml', {}).replace(/^ {3}/gm, ''));
    const service = await startTestService(orthanc.orthanc, { routingFile });
    try {
      const { studyInstanceUID, files } = chestStudy('dimse forwarded', [{ attributes: { StudyDate: '20260201' } }]);
      await sendByCStore(files, orthanc.orthanc, { calling: 'PACS' });
      await eventuallyOneResult(orthanc.dicomWeb, studyInstanceUID);
      const result = await service.store.results.currentResult(studyInstanceUID);
      await eventually(
        'the findings are delivered',
        async () => {
          const rows = await service.store.deliveries.ofResult(result!.resultId);
          assert.deepEqual(
            rows.map((one) => one.state),
            ['delivered'],
          );
        },
        { timeoutMs: 60_000 },
      );
      const there = await orthanc.client.queryStudies('PACS', '20260201');
      assert.deepEqual(
        there.map((one) => one.studyInstanceUID),
        [studyInstanceUID],
        'the PACS has the documents in the same study',
      );
    } finally {
      await service.stop();
    }
  });

  test('studies of a range of days are retrieved by C-FIND and C-MOVE; what Orthanc has is passed over', async () => {
    await sendByCStore([...first.files, ...second.files, ...other.files], pacs, { called: 'PACS' });
    const run = await retrieve('--from', 'PACS', ...days);
    assert.equal(run.code, 0, run.stderr);
    assert.deepEqual(run.lines, [
      '2026-01-01: 0 found, 0 retrieved, 0 in Orthanc already',
      '2026-01-02: 1 found, 1 retrieved, 0 in Orthanc already',
      '2026-01-03: 1 found, 1 retrieved, 0 in Orthanc already',
      '2026-01-04: 0 found, 0 retrieved, 0 in Orthanc already',
    ]);
    assert.equal(await orthanc.client.countInstances(first.studyInstanceUID), 2);
    assert.equal(await orthanc.client.countInstances(other.studyInstanceUID), 0);
    const again = await retrieve('--from', 'PACS', ...days, '--json');
    assert.deepEqual(
      objects<{ date: string; retrieved: number; present: number }>(again).map(({ date, retrieved, present }) => [
        date,
        retrieved,
        present,
      ]),
      [
        ['2026-01-01', 0, 0],
        ['2026-01-02', 0, 1],
        ['2026-01-03', 0, 1],
        ['2026-01-04', 0, 0],
      ],
    );
    const store = await openStore({ dataDir: join(dataDir, 'index') }, silentLog);
    try {
      const [done, intended] = await store.audit.list({ action: 'study.retrieve', limit: 2 });
      assert.deepEqual([done!.outcome, intended!.outcome], ['done', 'intended']);
      assert.deepEqual(JSON.parse(intended!.subject), {
        from: 'PACS',
        since: '2026-01-01',
        until: '2026-01-04',
        modalities: ['CR', 'DX', 'CT'],
      });
    } finally {
      await store.close();
    }
  });

  test('bad input: one sentence that names what to do', async () => {
    const refused = async (args: readonly string[], message: RegExp): Promise<void> => {
      const run = await retrieve(...args);
      assert.notEqual(run.code, 0, args.join(' '));
      assert.match(run.stderr, message);
      assert.doesNotMatch(run.stderr, /\n {4}at /, 'no stack');
    };
    await refused(['--from', 'ELSEWHERE', ...days], /Orthanc has no modality ELSEWHERE; it has (?=.*PACS)(?=.*DEAF)/);
    await refused(['--from', 'CLOSED', ...days], /modality CLOSED, C-FIND: .*(connect|peer|association)/i);
    await refused(
      ['--from', 'PACS', '--since', '2026-02-30', '--until', '2026-03-01'],
      /expected --since as a day, YYYY-MM-DD, found 2026-02-30/,
    );
    await refused(['--from', 'PACS', '--since', '2026-03-02', '--until', '2026-03-01'], /expected --since before --until/);
    await refused(
      ['--from', 'PACS', ...days.slice(0, 4), '--per-hour', '0'],
      /expected --per-hour as a whole number from 1 to 100000, found 0/,
    );
  });

  test('a PACS that knows Orthanc by a wrong port: each study is named, and the command ends after three', async () => {
    const studies = [0, 1, 2, 3].map((n) => chestStudy(`dimse deaf ${n}`, [{ attributes: { StudyDate: '20260301' } }]));
    await sendByCStore(
      studies.flatMap((one) => one.files),
      deaf,
      { called: 'PACS' },
    );
    const run = await retrieve('--from', 'DEAF', '--since', '2026-03-01', '--until', '2026-03-01', '--per-hour', '100000');
    assert.notEqual(run.code, 0);
    assert.match(run.stdout, /2026-03-01: 4 found|2026-03-01: 3 found/);
    assert.equal(run.stderr.match(/C-MOVE/g)!.length >= 3, true, run.stderr);
    const unknown = await retrieve('--from', 'PACS', '--since', '2026-01-09', '--until', '2026-01-09', '--target', 'NOBODY');
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /C-MOVE to NOBODY: .*0xA801; it does not know the AE title NOBODY: add it there/);
  });
});

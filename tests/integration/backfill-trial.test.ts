import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ShownAuditEntry, ShownBackfill, TrialReport } from '../../src/server/page-types.js';
import type { RunningService } from '../../src/service/start-service.js';
import { archiveStudies, filesOf } from '../support/archive-studies.js';
import { chestAi, objects, type CommandRun } from '../support/chest-ai-command.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { orthancRequest } from '../support/orthanc-request.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { startTestService } from '../support/service.js';
import { tinyCandidate } from '../support/tiny-model.js';

const patience = { timeoutMs: 60_000 };

describe('a silent trial of a registered version that is neither deployed nor challenger', () => {
  const dataDir = temporaryDirectory('backfill-trial');
  const files = temporaryDirectory('backfill-trial-files');
  let service: RunningService | undefined;
  let access: readonly string[] = [];
  let version = '';
  after(() => service?.stop());
  const pacs = useOrthanc();
  const attributes = {
    StudyDate: '20220310',
    Manufacturer: 'Test^Maker',
    ManufacturerModelName: 'ONE',
    PatientSex: 'F',
    PatientAge: '045Y',
  };
  const studies = archiveStudies(2022, 3);
  const known = chestStudy('trial attributes', [
    { attributes: { ...attributes, InstitutionName: 'Trial Hospital', PatientID: 'TRIAL-7' } },
  ]);
  const lateral = chestStudy('trial lateral', [{ view: 'lateral', attributes: { StudyDate: '20220401' } }]);
  const foot = chestStudy('trial foot', [{ attributes: { StudyDate: '20220402', BodyPartExamined: 'FOOT' } }]);
  before(async () => {
    await sendByCStore([...filesOf(studies), ...known.files, ...lateral.files, ...foot.files], pacs.orthanc);
    const added = await chestAi(['tokens', 'add', 'trial', '--role', 'admin'], { DATA_DIR: dataDir });
    const tokenFile = join(files, 'token');
    writeFileSync(tokenFile, added.lines.at(-1)!);
    // Nothing of the archive has a result.
    service = await startTestService(pacs.orthanc, { dataDir, orthanc: { analyseArchive: false, sweepIntervalMs: 2_000 } });
    access = ['--token-file', tokenFile, '--url', service.url, '--json'];
    version = (await service.registry.add(tinyCandidate())).version;
  });

  const run = async (...args: readonly string[]): Promise<CommandRun> => chestAi([...args, ...access], { DATA_DIR: dataDir });
  const done = async <T>(...args: readonly string[]): Promise<readonly T[]> => {
    const ended = await run(...args);
    assert.equal(ended.code, 0, ended.stderr);
    return objects<T>(ended);
  };
  const instances = async (): Promise<number> =>
    ((await orthancRequest(pacs.orthanc, 'GET', '/statistics')) as { CountInstances: number }).CountInstances;
  let id = '';

  test('it predicts studies without a result, follows to the end, and writes nothing to the PACS', async () => {
    const before = await instances();
    const range = ['--since', '2022-03-01', '--until', '2022-05-31', '--per-hour', '100000'];
    // By the database of the service, beside it.
    const followed = await chestAi(['backfill', ...range, '--shadow', '--model', version, '--follow', '--json'], { DATA_DIR: dataDir });
    assert.equal(followed.code, 0, followed.stderr);
    const lines = objects<ShownBackfill>(followed);
    const { state, found, done: predicted, skipped, failed, model } = lines.at(-1)!;
    // The rules take neither the lateral view alone nor the foot.
    assert.deepEqual([state, found, predicted + skipped, failed, model], ['done', 6, 6, 0, version]);
    id = String(lines[0]!.id);
    assert.equal(await instances(), before);
    assert.deepEqual((await service!.store.results.listResults()).results, []);
    const { figures } = (await done<TrialReport>('backfill', 'report', id))[0]!;
    assert.deepEqual([figures.modelVersion, figures.studies.predicted], [version, predicted]);
    assert.ok(figures.studies.predicted >= 4);
  });

  test('what is stored of a study are groups, a keyed hash and predictions, and nothing that names the patient', async () => {
    const rows = await service!.store.trials.studies(Number(id), version);
    const row = rows.find(({ studyInstanceUID }) => studyInstanceUID === known.studyInstanceUID)!;
    const { site, ...groups } = row.groups;
    // A name with a caret may be a person's: it is not stored.
    assert.deepEqual(groups, { scanner: 'OTHER ONE', view: 'PA', sex: 'F', age: '40 to 59' });
    assert.match(site!, /^site-[0-9a-f]{8}$/);
    assert.match(row.patientKey, /^[0-9a-f]{32}$/);
    assert.equal(row.isKnownToModel, null, 'the version states no patients');
    for (const secret of ['TRIAL-7', 'Trial Hospital', 'Maker', '045Y']) assert.ok(!JSON.stringify(rows).includes(secret), secret);
  });

  test('the report is signed for its figures; a label that comes later makes them others', async () => {
    const [first] = await done<TrialReport>(
      'backfill',
      'report',
      id,
      '--figures',
      join(files, 'figures.json'),
      '--html',
      join(files, 'a.html'),
    );
    const figuresFile = readFileSync(join(files, 'figures.json'));
    assert.equal(createHash('sha256').update(figuresFile).digest('hex'), first!.sha256);
    assert.match(readFileSync(join(files, 'a.html'), 'utf8'), new RegExp(`<td>${first!.sha256}</td>`));
    const who = ['--name', 'Dr. Example', '--role', 'Medical director'];
    const wrong = await run('backfill', 'sign-off', id, ...who, '--accept', '--sha256', '0'.repeat(64));
    assert.match(wrong.stderr, /expected the SHA-256 of the present figures.*read the report again/);
    const both = await run('backfill', 'sign-off', id, ...who, '--accept', '--reject', '--sha256', first!.sha256);
    assert.match(both.stderr, /expected one of --accept and --reject, found both/);
    const [signed] = await done<TrialReport>(
      'backfill',
      'sign-off',
      id,
      ...who,
      '--accept',
      '--comment',
      'Read.',
      '--sha256',
      first!.sha256,
    );
    assert.deepEqual(
      signed!.signOffs.map(({ name, role, isAccepted, comment, isForTheseFigures, signedBy }) => [
        name,
        role,
        isAccepted,
        comment,
        isForTheseFigures,
        signedBy,
      ]),
      [['Dr. Example', 'Medical director', true, 'Read.', true, 'token:trial']],
    );
    const entries = (await service!.store.audit.list({ action: 'backfill.sign' })).map(
      ({ outcome, subject }) => [outcome, JSON.parse(subject) as ShownAuditEntry['subject']] as const,
    );
    assert.deepEqual(
      entries.map(([outcome]) => outcome),
      ['done', 'intended'],
    );
    const { intention: _intention, ...recorded } = entries[0]![1];
    assert.deepEqual(recorded, {
      backfill: Number(id),
      model: version,
      sha256: first!.sha256,
      isAccepted: true,
      name: 'Dr. Example',
      role: 'Medical director',
      comment: 'Read.',
    });

    const { finding } = first!.figures.findings[0]!;
    const { studyInstanceUID } = known;
    await service!.store.labels.setOrthancLabels([{ studyInstanceUID, finding, decision: 'present' }]);
    const [later] = await done<TrialReport>('backfill', 'report', id);
    assert.notEqual(later!.sha256, first!.sha256);
    assert.equal(later!.figures.studies.labelled, 1);
    assert.equal(later!.signOffs[0]!.isForTheseFigures, false);
    const text = await chestAi(['backfill', 'report', id, ...access.slice(0, -1)], { DATA_DIR: dataDir });
    assert.match(text.stdout, /accepted by Dr\. Example, Medical director, .*; for other figures/);
  });

  test('a study that is deleted from the PACS leaves the report', async () => {
    const query = { Level: 'Study', Query: { StudyInstanceUID: known.studyInstanceUID } };
    const [orthancId] = (await orthancRequest(pacs.orthanc, 'POST', '/tools/find', query)) as string[];
    await orthancRequest(pacs.orthanc, 'DELETE', `/studies/${orthancId}`);
    await eventually(
      'what was stored of it is removed',
      async () => {
        const rows = await service!.store.trials.studies(Number(id), version);
        assert.ok(!rows.some(({ studyInstanceUID }) => studyInstanceUID === known.studyInstanceUID));
      },
      patience,
    );
    const { figures } = (await done<TrialReport>('backfill', 'report', id))[0]!;
    const { found, predicted, skipped, failed, vanished, unfinished } = figures.studies;
    assert.equal(vanished, 1);
    assert.equal(predicted + skipped + failed + vanished + unfinished, found);
  });

  test('there is no report of an analysis that writes results, of none, or of another version', async () => {
    for (const [args, expected] of [
      [[`${Number(id) + 90}`], /expected the number of a backfill, found/],
      [[id, '--model-version', 'ffffffffffff'], /expected studies with predictions of version ffffffffffff in backfill/],
      [['x'], /expected the number of a backfill, found x/],
      [[id, '--language', 'fr'], /expected --language as one of en, de, found fr/],
    ] as const) {
      const ended = await run('backfill', 'report', ...args);
      assert.notEqual(ended.code, 0);
      assert.match(ended.stderr, expected);
    }
    const [written] = await done<ShownBackfill>('backfill', '--since', '1990-01-01', '--until', '1990-01-02');
    assert.match((await run('backfill', 'report', String(written!.id))).stderr, /expected an analysis in shadow, which ends with a report/);
    await eventually('it has ended', async () => assert.equal((await service!.store.backfills.find(written!.id))!.state, 'done'), patience);
  });
});

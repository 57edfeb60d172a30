import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { conceptsOf, loadFindings, termsOf } from '../../src/findings-config.js';
import { loadConfig } from '../../src/config.js';
import { startEngine } from '../../src/engine/start-engine.js';
import { openRegistry } from '../../src/registry/registry.js';
import { requestRetraining } from '../../src/retraining/start-retraining.js';
import { retrainQueue } from '../../src/retraining/queues.js';
import { startService, type RunningService } from '../../src/service/start-service.js';
import { silentLog } from '../../src/log.js';
import { openReader } from '../../src/serving/image-reader.js';
import { pacsOf } from '../../src/reporting/orthanc-pacs.js';
import { recordAssessment } from '../../src/assessments/assessment-story.js';
import { logInFirst } from '../support/access.js';
import { logInAsFirst, noBrowser, openPage, startBrowser, type WatchedPage } from '../support/browser.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { assertShowsItsFigures, pressEveryAction, retrainAndWatch, retrainInVain } from '../support/models-view.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { guessingCandidate, phantomRetraining } from '../support/phantom-patients.js';
import { phantomStudy } from '../support/phantom-study.js';
import { sendByStow } from '../support/send.js';
import { configFor, eventuallyOneResult, spawnService } from '../support/service.js';

const patients = 192;

describe('retraining on a real Orthanc', () => {
  const ending: (() => Promise<unknown>)[] = [];
  after(async () => {
    for (const end of ending.reverse()) await end();
  });
  const pacs = useOrthanc();

  test('studies sent, assessments given, retrained: the gate promotes, and the next study is reported by the new version', {
    timeout: 14 * 60_000,
  }, async () => {
    const dataDir = temporaryDirectory('retraining');
    const elsewhere = openRegistry(join(temporaryDirectory('model'), 'models'));
    const engine = await startEngine({ prefer: 'onnx-cpu', threads: 1 });
    // As a decoder gives them: it stretches the grey values of what it reads.
    const reader = openReader(configFor(pacs.orthanc), { xray: { width: 72, height: 72 }, ct: undefined });
    const seen = await Promise.all(
      Array.from({ length: 32 }, async (_, number) => (await reader.readXray(phantomStudy(number).file)).image),
    );
    await reader.close();
    const guessing = await elsewhere.add(await guessingCandidate(engine, seen));
    await engine.close();
    const settings = join(dataDir, 'settings.yaml');
    // The gate's rules as they ship.
    writeFileSync(
      settings,
      JSON.stringify({
        retraining: {
          testShare: 0.3,
          minNewLabels: 50,
          headEpochs: 0,
          epochs: 2 * phantomRetraining.epochs,
          rate: phantomRetraining.rate,
          batch: phantomRetraining.batch,
          seed: 1,
          augmentation: 'none',
        },
      }),
    );
    const { url, username, password } = pacs.orthanc;
    const env = {
      PATH: process.env['PATH'],
      CONFIG_FILE: settings,
      ORTHANC_URL: url,
      ORTHANC_USERNAME: username,
      ORTHANC_PASSWORD: password,
      DATA_DIR: dataDir,
      MODEL_DIR: guessing.directory,
      ENGINE: 'onnx-cpu',
    };
    const command = (...args: readonly string[]): Promise<{ readonly status: number; readonly out: string; readonly err: string }> =>
      new Promise((resolve) =>
        execFile(
          process.execPath,
          [join(projectRoot, 'dist/src/cli.js'), ...args],
          { cwd: projectRoot, env, maxBuffer: 2 ** 24 },
          (error, out, err) => resolve({ status: error ? Number(error.code ?? 1) : 0, out, err }),
        ),
      );

    // There are no labels yet.
    const idle = await command('retrain', '--now', '--json');
    assert.equal(idle.status, 3, idle.err);
    assert.match((JSON.parse(idle.out) as { why: string }).why, /0 new labels since the last run, 50 are needed/);

    const config = loadConfig({});
    const findings = loadFindings(config.findingsFile);
    const ports = {
      pacs: pacsOf(pacs.dicomWeb),
      clock: { now: () => new Date() },
      softwareVersion: 'test',
      seriesNumber: 9910,
      termsOf: (name: string) => termsOf(findings, name),
      codes: conceptsOf(findings),
    };
    const studies = Array.from({ length: patients }, (_, number) => phantomStudy(number));
    for (let from = 0; from < studies.length; from += 40)
      await sendByStow(
        studies.slice(from, from + 40).map((one) => one.file),
        pacs.dicomWeb,
      );
    for (const { studyInstanceUID, diseased } of studies) {
      await recordAssessment(
        {
          studyInstanceUID,
          reader: { name: 'meier' },
          findings: [{ name: 'pneumonia', decision: diseased ? 'present' : 'absent' }],
          origin: 'page',
        },
        ports,
      );
    }
    // One on which readers disagree: it is left out.
    await recordAssessment(
      {
        studyInstanceUID: studies[0]!.studyInstanceUID,
        reader: { name: 'schulz' },
        findings: [{ name: 'pneumonia', decision: 'present' }],
        origin: 'page',
      },
      ports,
    );
    const rebuilt = await command('rebuild', '--json');
    assert.equal((JSON.parse(rebuilt.out) as { assessments: number }).assessments, patients + 1, rebuilt.err);

    // kill -9 in the middle of training: the next one goes on from its checkpoint.
    const killed = spawn(process.execPath, [join(projectRoot, 'dist/src/cli.js'), 'retrain', '--now', '--json'], {
      cwd: projectRoot,
      env,
      stdio: 'ignore',
    });
    const gone = new Promise((resolve) => killed.once('exit', resolve));
    const run = join(dataDir, 'retraining/run');
    await eventually(
      'a checkpoint',
      () =>
        assert.ok(
          existsSync(join(run, 'checkpoints')) && readdirSync(join(run, 'checkpoints')).some((name) => name.startsWith('checkpoint-')),
        ),
      { timeoutMs: 180_000, intervalMs: 20 },
    );
    killed.kill('SIGKILL');
    await gone;
    const planned = (JSON.parse(readFileSync(join(run, 'plan.json'), 'utf8')) as { id: string }).id;
    assert.equal((await openRegistry(join(dataDir, 'models')).aliases())?.champion, guessing.version);

    // Asked for on the page where there is a browser, and watched there.
    const service = await spawnService(pacs.orthanc, {
      dataDir,
      environment: { CONFIG_FILE: settings, MODEL_DIR: guessing.directory, ENGINE: 'onnx-cpu', ANALYSE_ARCHIVE: 'false' },
    });
    ending.push(() => service.end());
    const serviceUrl = /service is running {2}url=(\S+)/.exec(service.output())![1]!;
    const registry = openRegistry(join(dataDir, 'models'));
    const page = noBrowser() === undefined ? await openDesk(serviceUrl, dataDir) : undefined;
    if (page) {
      const texts = await retrainAndWatch(page, serviceUrl);
      assert.ok(
        texts.some((text) => /Running.*Epoch \d+ of \d+ finished/.test(text)),
        `the progress was shown: ${texts.join('\n')}`,
      );
    } else {
      console.log(`SKIPPED: the Models view, ${noBrowser()}`);
      assert.equal(
        (await fetch(`${serviceUrl}/api/retrain`, { method: 'POST', headers: { ...(await logInFirst(serviceUrl, dataDir)) } })).status,
        202,
      );
      await eventually('the run has ended', async () => assert.equal((await registry.lastRun())?.outcome, 'promoted'), {
        timeoutMs: 8 * 60_000,
      });
    }
    const { id, outcome, why, challenger, champion, decision } = (await registry.lastRun())!;
    assert.equal(outcome, 'promoted', why);
    assert.equal(id, planned, 'the run that was killed came to its end');
    assert.equal(champion, guessing.version);
    assert.ok(challenger);
    assert.equal((await registry.aliases())?.champion, challenger);
    const promoted = await registry.load(challenger);
    assert.notEqual(promoted.deviceUID, guessing.deviceUID);
    assert.equal(promoted.lineage?.parent, guessing.version);
    assert.equal(
      promoted.lineage?.dataset.images,
      patients - 1 - (promoted.lineage?.dataset.splits['test'] ?? 0) - (await testImages(registry)),
    );

    if (page) {
      await assertShowsItsFigures(page, serviceUrl, promoted, decision!.criteria);
      await retrainInVain(page, serviceUrl);
      await pressEveryAction(page, serviceUrl, { former: guessing.version, newer: challenger });
      assert.equal((await registry.aliases())?.champion, challenger);
      assert.deepEqual(page.mistakes, []);
    }
    const next = chestStudy('the morning after');
    await sendByStow(next.files, pacs.dicomWeb);
    const { report } = await eventuallyOneResult(pacs.dicomWeb, next.studyInstanceUID);
    assert.equal(report.algorithm.deviceUID, promoted.deviceUID, 'reported by the new version');

    // No new labels since: no second run. The embedded index belongs to one process at a time.
    await service.end();
    const again = await command('retrain', '--now', '--json');
    assert.match((JSON.parse(again.out) as { why: string }).why, /0 new labels/);
  });

  async function openDesk(url: string, dataDir: string): Promise<WatchedPage> {
    const browser = await startBrowser();
    ending.push(() => browser.close());
    const desk = await openPage(browser);
    await logInAsFirst(desk, url, dataDir);
    return desk;
  }

  test('only a process of role train retrains', async () => {
    const dataDir = temporaryDirectory('retraining-roles');
    const config = { ...configFor(pacs.orthanc, { dataDir, orthanc: { analyseArchive: false } }) };
    const retrainingRunsOf = async (service: RunningService): Promise<readonly number[]> => {
      const stats = (await service.jobs.stats()).find(({ queue }) => queue === retrainQueue.name)!;
      return [stats.waiting, stats.active, stats.retrying];
    };
    const without = await startService({ ...config, roles: ['watch', 'work', 'web'] }, silentLog);
    try {
      await requestRetraining(without.jobs, 'test');
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      assert.deepEqual(await retrainingRunsOf(without), [1, 0, 0], 'who watches, works and serves leaves it');
    } finally {
      await without.stop();
    }
    const trainer = await startService({ ...config, roles: ['train'] }, silentLog);
    try {
      await eventually('the trainer takes it', async () => assert.deepEqual(await retrainingRunsOf(trainer), [0, 0, 0]), {
        timeoutMs: 60_000,
      });
      assert.equal((await trainer.registry.lastRun())?.outcome, 'not-trained');
    } finally {
      await trainer.stop();
    }
  });

  async function testImages(registry: ReturnType<typeof openRegistry>): Promise<number> {
    const ids = await registry.changes();
    const records = await Promise.all(ids.map((id) => registry.change(id)));
    return records.find((one) => one.outcome === 'promoted')!.decision!.testSet.n;
  }
});

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test, type TestContext } from 'node:test';
import type { Log, LogFields } from '../../src/log.js';
import { silentLog } from '../../src/log.js';
import { labelIndexOf } from '../../src/result-labels/label-index.js';
import { labelNames } from '../../src/result-labels/label-names.js';
import { labelsOfOrthanc } from '../../src/result-labels/labels-of-orthanc.js';
import { updateLabels } from '../../src/result-labels/result-labels-story.js';
import { labelSweep } from '../../src/result-labels/sweep-labels.js';
import type { OrthancId } from '../../src/orthanc/client.js';
import type { RunningService } from '../../src/service/start-service.js';
import { openAuditLog } from '../../src/audit/audit-log.js';
import { administrationOf } from '../../src/server/access/administration.js';
import { chestAi, objects } from '../support/chest-ai-command.js';
import { certainFindings } from '../support/certain-findings.js';
import { chestStudy, handAndChest } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { isFault } from '../support/fault.js';
import { startFaultyProxy, type FaultyProxy } from '../support/faulty-proxy.js';
import { temporaryDirectory, useOrthanc, withOrthanc } from '../support/orthanc.js';
import { orthancRequest } from '../support/orthanc-request.js';
import { startRecordingProxy, type RecordingProxy } from '../support/recording-proxy.js';
import { sendByStow } from '../support/send.js';
import { eventuallyOneResult, spawnService, startTestService, type SpawnedService } from '../support/service.js';

interface Check {
  readonly name: string;
  readonly state: string;
  readonly detail: string;
}

const known = ['pneumonia', 'pneumothorax', 'fracture'];
const patience = { timeoutMs: 60_000, intervalMs: 200 };

/** The labels of results on studies of a real Orthanc; one before 1.12 has none, and then nothing is tried. */
describe('labels of results in Orthanc', () => {
  const findingsFile = certainFindings('pneumonia');
  const warnings: string[] = [];
  const log: Log = { ...silentLog, warn: (message: string, _fields?: LogFields) => void warnings.push(message) };
  let service: RunningService;
  let proxy: RecordingProxy;
  let authorization = '';
  after(async () => {
    await service?.stop();
    await proxy?.close();
  });
  const pacs = useOrthanc();
  const options = { findingsFile, resultLabels: { enabled: true }, orthanc: { sweepIntervalMs: 1_000 }, log };
  before(async () => {
    proxy = await startRecordingProxy(pacs.orthanc);
    service = await startTestService(pacs.orthanc, { ...options, url: proxy.url });
    const administration = administrationOf(service.store, openAuditLog(service.store.audit, silentLog));
    authorization = `Bearer ${(await administration.addToken({ name: 'ann', roles: ['reader'] }, { actor: 'test' })).token}`;
  });

  /** Orthanc before 1.12 cannot run a test of labels; the last test says what happens there instead. */
  async function hasLabels(context: TestContext): Promise<boolean> {
    const version = await pacs.client.versionWithoutLabels();
    if (version !== undefined) context.skip(`Orthanc ${version} has no labels (1.12 has)`);
    return version === undefined;
  }
  async function idOf(study: string): Promise<OrthancId> {
    return (await pacs.client.findStudies(study as Parameters<typeof pacs.client.findStudies>[0]))[0]!;
  }
  async function labelsOf(study: string): Promise<readonly string[]> {
    const id = await idOf(study);
    return [...((await pacs.client.labelsOfStudies([id])).get(id) ?? [])].sort();
  }
  const eventuallyLabels = (study: string, expected: readonly string[]): Promise<void> =>
    eventually(`labels of ${study}`, async () => assert.deepEqual(await labelsOf(study), [...expected].sort()), patience);
  async function reported(name: string): Promise<string> {
    const { studyInstanceUID, files } = chestStudy(name);
    await sendByStow(files, pacs.dicomWeb);
    await eventuallyOneResult(pacs.dicomWeb, studyInstanceUID);
    return studyInstanceUID;
  }
  async function act(study: string, path: string, body: object = {}): Promise<void> {
    const response = await fetch(`${service.url}/api/studies/${study}/${path}`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    assert.ok(response.ok, await response.text());
  }

  test('they follow the result and the reader; those of others stay; setting them starts no analysis', async (context) => {
    if (!(await hasLabels(context))) return;
    const study = await reported('labelled');
    await eventuallyLabels(study, ['ai-pneumonia', 'ai-unread']);
    for (const label of ['teaching', 'AI-mine']) await pacs.client.setLabel(await idOf(study), label);
    const before = await service.store.results.ofStudy(study);
    const changes = await pacs.client.lastChange();

    await act(study, 'reading/claim');
    await eventuallyLabels(study, ['ai-pneumonia', 'teaching', 'AI-mine']);
    await act(study, 'reading/release');
    await eventuallyLabels(study, ['ai-pneumonia', 'ai-unread', 'teaching', 'AI-mine']);
    await act(study, 'reading/read');
    await eventuallyLabels(study, ['ai-pneumonia', 'teaching', 'AI-mine']);
    await act(study, 'reading/unread');
    await eventuallyLabels(study, ['ai-pneumonia', 'ai-unread', 'teaching', 'AI-mine']);

    assert.deepEqual(
      // The DICOMweb plugin stores its cache of a series as an attachment, when it has the time.
      (await pacs.client.changes(changes, 100)).changes.filter(({ type }) => !type.startsWith('Stable') && type !== 'UpdatedAttachment'),
      [],
      'Orthanc reports no change when a label is set or removed',
    );
    assert.deepEqual(
      (await service.store.results.ofStudy(study)).map(({ resultId }) => resultId),
      before.map(({ resultId }) => resultId),
    );

    await act(study, 'assessments', { findings: [{ name: 'pneumonia', decision: 'absent' }] });
    await eventuallyLabels(study, ['teaching', 'AI-mine']);
    await act(study, 'assessments', { findings: [{ name: 'pneumonia', decision: 'present' }] });
    await eventuallyLabels(study, ['ai-pneumonia', 'teaching', 'AI-mine']);
  });

  test('a claim that runs out makes the study unread again, though nobody does anything', async (context) => {
    if (!(await hasLabels(context))) return;
    const study = await reported('claimed');
    const index = labelIndexOf(service.store);
    const ports = {
      index,
      pacs: labelsOfOrthanc(pacs.client),
      names: labelNames({ enabled: true, prefix: 'ai-', finding: '{finding}', unread: 'unread', failed: 'failed' }, known),
      clock: { now: () => new Date() },
      log: silentLog,
    };
    const until = new Date(Date.now() + 3_600_000);
    await service.store.readings.claim(study, 'ann', { now: new Date(), until });
    assert.deepEqual(await updateLabels({ studyInstanceUID: study }, ports), until);
    assert.ok(!(await labelsOf(study)).includes('ai-unread'));
    const afterwards = { ...ports, clock: { now: () => new Date(until.getTime() + 1) } };
    assert.equal(await updateLabels({ studyInstanceUID: study }, afterwards), undefined);
    assert.ok((await labelsOf(study)).includes('ai-unread'));
  });

  test('a result that replaces another replaces its labels; an assessment of earlier images rejects nothing in new ones', async (context) => {
    if (!(await hasLabels(context))) return;
    const { study, hand, chest } = handAndChest('superseded');
    await sendByStow([hand, chest], pacs.dicomWeb);
    await eventuallyLabels(study, ['ai-pneumonia', 'ai-unread']);
    await act(study, 'assessments', { findings: [{ name: 'pneumonia', decision: 'absent' }] });
    await eventuallyLabels(study, []);
    const second = chestStudy('superseded', [{ number: 3 }]).files;
    await sendByStow(second, pacs.dicomWeb);
    await eventuallyLabels(study, ['ai-pneumonia']);
    const instances = await pacs.client.instancesOf(await idOf(study));
    const uids = await pacs.dicomWeb.retrieveStudyMetadata(study);
    const chests = uids
      .filter((one) => one['BodyPartExamined'] === 'CHEST' && one['Modality'] === 'CR')
      .map((one) => one['SOPInstanceUID']);
    assert.equal(chests.length, 2);
    for (const id of await pacs.client.instanceIdsOf(chests as Parameters<typeof pacs.client.instanceIdsOf>[0])) {
      assert.ok(instances.some((one) => one.id === id));
      await pacs.client.deleteInstance(id);
    }
    await eventually(
      'no rule takes what is left',
      async () => assert.equal((await service.store.results.currentResult(study))?.outcome, 'skipped'),
      patience,
    );
    await eventuallyLabels(study, []);
  });

  test('a study that cannot be analysed is labelled as failed; of a deleted study nothing is written', async (context) => {
    if (!(await hasLabels(context))) return;
    const broken = chestStudy('broken', [{ attributes: { BitsAllocated: 16, BitsStored: 40, HighBit: 39 } }]);
    await sendByStow(broken.files, pacs.dicomWeb);
    await eventually(
      'it has failed',
      async () => assert.equal((await service.store.results.currentResult(broken.studyInstanceUID))?.outcome, 'failed'),
      patience,
    );
    await eventuallyLabels(broken.studyInstanceUID, ['ai-failed', 'ai-unread']);
    const id = await idOf(broken.studyInstanceUID);
    const ports = {
      index: labelIndexOf(service.store),
      pacs: labelsOfOrthanc(pacs.client),
      names: labelNames({ enabled: true, prefix: 'ai-', finding: '{finding}', unread: 'unread', failed: 'failed' }, known),
      clock: { now: () => new Date() },
      log: silentLog,
    };
    await pacs.client.deleteStudy(id);
    assert.equal(await updateLabels({ studyInstanceUID: broken.studyInstanceUID }, ports), undefined);
    assert.deepEqual(await service.jobs.failedJobs({ queue: 'result-labels' }), []);
  });

  test('what another program has removed or added of these labels is corrected by the next comparison', async (context) => {
    if (!(await hasLabels(context))) return;
    const study = await reported('corrected');
    await eventuallyLabels(study, ['ai-pneumonia', 'ai-unread']);
    const id = await idOf(study);
    await pacs.client.removeLabel(id, 'ai-pneumonia');
    await pacs.client.setLabel(id, 'ai-pneumothorax');
    await pacs.client.setLabel(id, 'ai-of-another-product');
    await pacs.client.setLabel(id, 'reviewed');
    await eventuallyLabels(study, ['ai-of-another-product', 'ai-pneumonia', 'ai-unread', 'reviewed']);
  });

  test('a label that Orthanc refuses does not keep the others from being set, and no retry is tried', async (context) => {
    if (!(await hasLabels(context))) return;
    const study = await reported('refused');
    for (const [prefix, refused] of [
      ['x-', 'x b'],
      ['y-', 'long'.repeat(17)],
    ] as const) {
      const ports = {
        index: labelIndexOf(service.store),
        pacs: labelsOfOrthanc(pacs.client),
        names: {
          ...labelNames({ enabled: true, prefix, finding: '{finding}', unread: 'unread', failed: 'f' }, known),
          ofFinding: () => refused,
        },
        clock: { now: () => new Date() },
        log: silentLog,
      };
      await assert.rejects(
        updateLabels({ studyInstanceUID: study }, ports),
        isFault('pacs-error', { detail: new RegExp(`Orthanc refused the label ${refused}: HTTP 400`), retryable: false }),
      );
      assert.ok((await labelsOf(study)).includes(`${prefix}unread`));
    }
  });

  test('an Orthanc without labels is no fault: it is logged once, and nothing is tried', async (context) => {
    const version = await pacs.client.versionWithoutLabels();
    if (version === undefined) return context.skip('this Orthanc has labels');
    const study = await reported('of an older Orthanc');
    const sweep = labelSweep(
      {
        index: labelIndexOf(service.store),
        pacs: labelsOfOrthanc(pacs.client),
        names: labelNames({ enabled: true, prefix: 'ai-', finding: '{finding}', unread: 'unread', failed: 'failed' }, known),
        clock: { now: () => new Date() },
        log,
      },
      () => Promise.reject(new Error('nothing is to be queued')),
    );
    assert.equal(await sweep.next(), 0);
    assert.equal(await sweep.next(), 0);
    await eventually('the jobs have ended', async () => {
      const states = (await service.jobs.stats()).filter(({ queue }) => queue === 'result-labels');
      assert.ok(states.every(({ waiting, active, retrying }) => waiting + active + retrying === 0));
    });
    const ofService = warnings.filter((one) => one.includes('no labels before 1.12'));
    assert.equal(ofService.length, 2, 'once by the service, once by the comparison of this test');
    assert.deepEqual(await service.jobs.failedJobs({}), []);
    assert.equal(proxy.requests.filter(({ target }) => target.includes('/labels')).length, 0);
    assert.equal((await service.store.results.currentResult(study))?.outcome, 'reported');
  });
});

test('doctor checks the labels, and notes an Orthanc without them', async () => {
  await withOrthanc(async ({ orthanc, client }) => {
    const environment = { ORTHANC_URL: orthanc.url, ORTHANC_USERNAME: orthanc.username, ORTHANC_PASSWORD: orthanc.password };
    const doctor = async (configuration: string): Promise<{ readonly code: number | null; readonly checks: readonly Check[] }> => {
      const file = join(temporaryDirectory('doctor'), 'config.yaml');
      writeFileSync(file, configuration);
      const run = await chestAi(['doctor', '--json'], { ...environment, CONFIG_FILE: file }, 240_000);
      return { code: run.code, checks: objects<Check>(run).filter(({ name }) => name.includes('labels')) };
    };
    const version = await client.versionWithoutLabels();
    const good = await doctor('resultLabels: { enabled: true }');
    assert.equal(good.code, 0);
    assert.deepEqual(
      good.checks.map(({ name, state }) => `${name}: ${state}`),
      ['result labels: good', ...(version === undefined ? [] : ['labels in Orthanc: note'])],
    );
    const bad = await doctor('resultLabels: { enabled: true, prefix: no- }');
    assert.equal(bad.code, 1);
    assert.match(bad.checks[0]!.detail, /found no-\S+, which states a reader's assessment/);
  });
});

/** SIGKILL between the result and its labels. */
describe('kill -9 before the labels of a result are set', () => {
  let proxy: FaultyProxy;
  let service: SpawnedService | undefined;
  after(async () => {
    await service?.kill();
    await proxy?.close();
  });
  const pacs = useOrthanc();

  test('they appear after the next start', async (context) => {
    const version = await pacs.client.versionWithoutLabels();
    if (version !== undefined) return context.skip(`Orthanc ${version} has no labels (1.12 has)`);
    proxy = await startFaultyProxy(pacs.orthanc);
    const dataDir = temporaryDirectory('result-labels-killed');
    const configFile = join(temporaryDirectory('result-labels-config'), 'config.yaml');
    writeFileSync(
      configFile,
      JSON.stringify({ orthanc: { pollIntervalMs: 200, stabilityCheckMs: 300 }, triage: { maxStudyAgeDays: 36_500 } }),
    );
    const environment = {
      CONFIG_FILE: configFile,
      ENGINE: 'onnx-cpu',
      RESULT_LABELS: 'true',
      FINDINGS_FILE: certainFindings('pneumonia'),
    };
    const start = (): Promise<SpawnedService> => spawnService(pacs.orthanc, { url: proxy.url, dataDir, environment });
    const victim = (service = await start());
    proxy.misbehave(
      { kind: 'trap', when: 'before', spring: () => victim.process.kill('SIGKILL') },
      { only: /^PUT .*\/labels\//, times: 1 },
    );
    const { studyInstanceUID, files } = chestStudy('killed before its labels');
    await sendByStow(files, pacs.dicomWeb);
    await eventually('the service dies', () => assert.equal(victim.process.signalCode, 'SIGKILL'), patience);
    proxy.behave();
    const id = (await pacs.client.findStudy(studyInstanceUID))!;
    const labels = async (): Promise<unknown> =>
      [...((await orthancRequest(pacs.endpoint, 'GET', `/studies/${id}/labels`)) as string[])].sort();
    assert.deepEqual(await labels(), []);
    service = await start();
    await eventually('the labels are there', async () => assert.deepEqual(await labels(), ['ai-pneumonia', 'ai-unread']), patience);
  });
});

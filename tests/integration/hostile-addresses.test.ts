import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { DataSet } from '../../src/dicom/data-set.js';
import { quotedUid, type StudyInstanceUID } from '../../src/dicom/uid.js';
import { silentLog } from '../../src/log.js';
import type { OrthancId } from '../../src/orthanc/client.js';
import { openStore } from '../../src/store/store.js';
import { storeLocation } from '../../src/store/store-location.js';
import { logInFirst } from '../support/access.js';
import { chestAi, objects } from '../support/chest-ai-command.js';
import { chestStudy, type TestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { orthancRequest } from '../support/orthanc-request.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { startRecordingProxy, type RecordingProxy } from '../support/recording-proxy.js';
import { assertOneCurrentResult, spawnService, type SpawnedService } from '../support/service.js';
import { tinyImage } from '../support/tiny-image.js';

/** Long, for a busy machine. */
const commandMs = 300_000;
const usable = '[0-9A-Za-z][0-9A-Za-z._-]{0,127}';
const orthancId = '[0-9a-f]{8}(-[0-9a-f]{8}){4}';
/** Everything that the program may ever ask of a PACS without labels and destinations. */
const expected = [
  'GET /(system|statistics|modalities|peers|plugins|plugins/dicom-web|tools/now)',
  String.raw`GET /changes\?(last|since=\d+&limit=\d+)`,
  String.raw`GET /studies\?since=\d+&limit=\d+&expand`,
  `GET /studies/${orthancId}(/series|/instances)?`,
  `GET /instances/${orthancId}/attachments/dicom/md5`,
  String.raw`GET /instances/${orthancId}/metadata\?expand`,
  'POST /tools/(lookup|bulk-content|find)',
  'GET /tools/labels',
  String.raw`GET /modalities\?expand`,
  String.raw`GET /dicom-web/(studies|series|instances)(\?[A-Za-z0-9.,:/@^*%&=_~!'()-]*)?`,
  // A viewer's `studies/1.2?x=1` asks for study 1.2, with a parameter that DICOMweb does not know.
  String.raw`GET /dicom-web/studies/${usable}(/(metadata|series|instances))?(\?x=1)?`,
  `GET /dicom-web/studies/${usable}/series/${usable}/(metadata|instances)`,
  `GET /dicom-web/studies/${usable}/series/${usable}/instances/${usable}(/metadata|/frames/1)?`,
  'POST /dicom-web/studies',
].map((one) => new RegExp(`^${one}$`));

describe('C1: what a sender writes into UIDs, names and labels reaches no other address of the PACS', () => {
  let proxy: RecordingProxy;
  let service: SpawnedService | undefined;
  const dataDir = temporaryDirectory('hostile-addresses');
  after(async () => {
    await service?.kill();
    await proxy?.close();
  });
  const pacs = useOrthanc();
  const victim = chestStudy('victim');
  let victimId: OrthancId;
  let hostileUids: readonly string[];
  let odd: readonly TestStudy[];

  const store = async (bytes: Uint8Array): Promise<void> => {
    const authorization = `Basic ${Buffer.from(`${pacs.orthanc.username}:${pacs.orthanc.password}`).toString('base64')}`;
    const reply = await fetch(`${pacs.orthanc.url}/instances`, { method: 'POST', headers: { authorization }, body: Buffer.from(bytes) });
    assert.equal(reply.status, 200, 'Orthanc takes it');
  };
  const environment = () => ({ ORTHANC_URL: proxy.url, ORTHANC_USERNAME: pacs.orthanc.username, ORTHANC_PASSWORD: pacs.orthanc.password });
  /** Whatever came through the proxy since the last look. */
  const assertHarmless = async (what: string, min = 1): Promise<void> => {
    assert.ok(proxy.requests.length >= min, `${what}: ${proxy.requests.length} requests`);
    for (const { method, target, headers } of proxy.requests) {
      assert.ok(
        expected.some((one) => one.test(`${method} ${target}`)),
        `${what}: ${method} ${target}`,
      );
      const [path = '', query = ''] = target.split('?', 2);
      assert.doesNotMatch(path, /_method|\/\.|%2f|%5c|%00/i, what);
      assert.doesNotMatch(query, /(^|&)_method|\.\.\//i, what);
      assert.ok(!('x-http-method-override' in headers), what);
    }
    proxy.forget();
    assert.equal((await pacs.client.study(victimId)).studyInstanceUID, victim.studyInstanceUID, `${what}: the victim is still there`);
    assert.equal((await pacs.client.seriesOf(victimId)).length > 0, true);
  };

  before(async () => {
    for (const file of victim.files) await store(file);
    victimId = (await pacs.client.findStudy(victim.studyInstanceUID))!;
    hostileUids = [
      `../../studies/${victimId}?_method=DELETE&a=`,
      '1.2.3.6/../../system',
      '../../system',
      '1.2.3.7?x=1#y',
      '1.2.3.7%2f..%2f..%2fsystem',
      '1.2.3;4',
      '1.2.3.4.',
      'DOE^JOHN^19600101',
      '1.2.*',
      '*',
      '..',
      '1.2.\u001b[31m',
      `1.2.${'9'.repeat(200)}`,
      `${victim.studyInstanceUID}?_method=DELETE`,
    ];
    for (const [index, uid] of hostileUids.entries()) {
      const parts = {
        StudyInstanceUID: uid,
        SeriesInstanceUID: `1.9.${index}`,
        SOPInstanceUID: `1.9.${index}.1`,
        PatientID: `H${index}`,
      } as const;
      await store(
        tinyImage(
          { study: `hostile ${index}` },
          { ...parts, StudyDescription: `CHEST ../../studies/${victimId}?_method=DELETE`, StationName: '\u001b[31m' },
        ).bytes,
      );
      await store(
        tinyImage({ study: `hostile sr ${index}` }, {
          ...parts,
          SeriesInstanceUID: `1.9.${index}.2`,
          SOPInstanceUID: `1.9.${index}.3`,
          SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.33',
          Modality: 'SR',
          PixelData: undefined,
          Rows: undefined,
          Columns: undefined,
        } satisfies DataSet).bytes,
      );
    }
    // Series and instances, in a study that can be named.
    await store(
      tinyImage(
        { study: 'inside' },
        {
          StudyInstanceUID: '1.9.100',
          SeriesInstanceUID: `1.9/../../../../studies/${victimId}?_method=DELETE&a=`,
          SOPInstanceUID: `../${victimId}`,
          PatientID: 'INSIDE',
        },
      ).bytes,
    );
    odd = ['1.9.200.00123', `1.9.200.${'9'.repeat(70)}`, '1.9.200.abc', '1.9.200..3', '1.9.200.5-6_7'].map((uid, index) => {
      const { files } = chestStudy(`odd ${index}`, [
        { attributes: { StudyInstanceUID: uid, SeriesInstanceUID: `${uid}.01`, SOPInstanceUID: `${uid}.001` } },
      ]);
      return { studyInstanceUID: uid as StudyInstanceUID, files };
    });
    for (const { files } of odd) for (const file of files) await store(file);
    proxy = await startRecordingProxy(pacs.orthanc);
  });

  test('C1, M1: routes test lists the others and names each that cannot be read', async () => {
    const run = await chestAi(['routes', 'test', '--json'], environment(), commandMs);
    assert.equal(run.code, 0, run.stderr);
    const rows = objects<{ studyInstanceUID: string; action: string; code?: string }>(run);
    const byUid = new Map(rows.map((one) => [one.studyInstanceUID, one]));
    for (const uid of hostileUids) assert.equal(byUid.get(quotedUid(uid))?.code, 'dicom-attribute', `${quotedUid(uid)}: ${run.stdout}`);
    for (const { studyInstanceUID } of [victim, ...odd]) assert.equal(byUid.get(studyInstanceUID)?.action, 'analyse', studyInstanceUID);
    await assertHarmless('routes test');
  });

  test('C1, M1: rebuild goes on with the others', async () => {
    const run = await chestAi(['rebuild', '--json'], environment(), commandMs);
    const rebuilt = objects<{ unreadable: readonly { studyInstanceUID: string; code: string }[]; cursor: number }>(run)[0];
    assert.ok(rebuilt, run.stderr);
    assert.deepEqual(rebuilt.unreadable.map((one) => one.studyInstanceUID).sort(), hostileUids.map(quotedUid).sort());
    assert.ok(rebuilt.cursor > 0);
    await assertHarmless('rebuild');
  });

  test('C1: doctor and labels import', async () => {
    const doctor = await chestAi(['doctor', '--json'], environment(), commandMs);
    assert.match(doctor.stdout, /"name":"metadata","state":"good"/);
    await assertHarmless('doctor');
    const list = join(temporaryDirectory('labels'), 'labels.csv');
    writeFileSync(
      list,
      `study,pneumonia\n${hostileUids
        .filter((uid) => !/[",\n\u001b]/.test(uid))
        .map((uid) => `"${uid}",present`)
        .join('\n')}\n`,
    );
    await chestAi(['labels', 'import', list, '--reader', 'x'], environment(), commandMs);
    await assertHarmless('labels import', 0);
  });

  test('C1, M1, M10, U3: the service reports what can be named, fails the others by themselves, and its log names nobody', async () => {
    service = await spawnService(pacs.orthanc, { url: proxy.url, dataDir, environment: { ENGINE: 'onnx-cpu', LOG_LEVEL: 'debug' } });
    const running = service;
    const url = /orthanc-chest-ai: (\S+)/.exec(
      await eventually('the address', () => (assert.match(running.output(), /orthanc-chest-ai: \S+/), running.output())),
    )![1]!;
    const headers = await logInFirst(url, dataDir);
    const get = (path: string): Promise<Response> => fetch(url + path, { headers: { ...headers } });
    for (const study of [victim, ...odd]) {
      await eventually(
        `a result of ${study.studyInstanceUID}`,
        async () => {
          const answer = await get(`/api/studies/${study.studyInstanceUID}`);
          assert.equal(answer.status, 200, study.studyInstanceUID);
          const [current] = (await answer.json()) as { outcome: string; reason?: string }[];
          assert.equal(current!.outcome, 'reported', `${study.studyInstanceUID}: ${current!.reason}`);
        },
        { timeoutMs: 300_000, intervalMs: 300 },
      );
    }
    for (const uid of hostileUids) {
      const name = encodeURIComponent(quotedUid(uid));
      await eventually(
        `the fault of ${quotedUid(uid)}`,
        async () => {
          const answer = await get(`/api/studies/${name}/page`);
          assert.equal(answer.status, 200);
          const [current] = ((await answer.json()) as { history: { outcome: string; code: string; reason: string }[] }).history;
          assert.deepEqual([current?.outcome, current?.code], ['failed', 'dicom-attribute'], quotedUid(uid));
          assert.ok(current!.reason.includes(quotedUid(uid)) && current!.reason.includes('StudyInstanceUID'), current!.reason);
        },
        { timeoutMs: 300_000, intervalMs: 300 },
      );
    }
    await assertHarmless('the service');

    const { rows } = (await (await get('/api/worklist?limit=200')).json()) as { rows: readonly { studyInstanceUID: string }[] };
    assert.ok(rows.length >= hostileUids.length + odd.length + 2);
    const names = await get(`/api/patients?studies=${rows.map((one) => encodeURIComponent(one.studyInstanceUID)).join(',')}`);
    assert.equal(names.status, 200);
    const patients = (await names.json()) as Record<string, { patientId: string }>;
    for (const { studyInstanceUID } of [victim, ...odd]) assert.ok(patients[studyInstanceUID], `the patient of ${studyInstanceUID}`);

    for (const uid of [...hostileUids, `1.2.3/../../../studies/${victimId}?_method=DELETE`]) {
      const name = encodeURIComponent(uid);
      for (const path of [
        `/api/studies/${name}`,
        `/api/studies/${name}/page`,
        `/api/studies/${name}/assessments`,
        `/api/studies/${name}/series/${name}/instances/${name}/picture`,
        `/api/studies/${victim.studyInstanceUID}/series/${name}/instances/${name}/picture`,
        `/api/patients?studies=${name}`,
        `/api/worklist?search=${name}`,
        `/dicom-web/studies/${name}/metadata`,
        `/dicom-web/studies/${uid}/metadata`,
        `/dicom-web/studies?StudyInstanceUID=${name}`,
        `/dicom-web/studies?StudyInstanceUID=${uid}`,
        `/dicom-web/studies/${victim.studyInstanceUID}/metadata?_method=DELETE`,
        `/dicom-web/studies?_method=PUT&%5fmethod=DELETE&limit=1`,
      ]) {
        const answer = await fetch(url + path, { headers: { ...headers, 'X-HTTP-Method-Override': 'DELETE' } });
        assert.ok(answer.status < 500 || answer.status === 502, `${path}: ${answer.status}`);
        await answer.arrayBuffer();
      }
      const assessment = await fetch(`${url}/api/studies/${name}/assessments`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({ findings: [{ name: 'pneumonia', decision: 'present' }] }),
      });
      assert.ok(assessment.status >= 400 && assessment.status < 500, `${assessment.status}`);
    }
    await assertHarmless('routes of the service');

    const output = running.output();
    assert.doesNotMatch(output, /DOE|JOHN|_method|\u001b|\.\.\//);
    assert.ok(output.includes('1.9.200.00123'), 'a UID of digits and points stands in the log');
    assert.equal(await running.end(), 0);
    service = undefined;
    for (const { studyInstanceUID } of odd)
      await assertOneCurrentResult(pacs.dicomWeb, studyInstanceUID).catch((error: unknown) => {
        // dciodvfy says of the copied UID what PS3.5 says; nothing else may be wrong.
        assert.match(String(error), /UID/i);
      });
  });

  test('C1: retraining, the drift check, the export of the audit log with patients, a rebuild and the labels of Orthanc', async () => {
    const named = [victim, ...odd].map((one) => one.studyInstanceUID);
    const labelled = [...hostileUids, '1.9.100', ...named];
    const databaseDir = temporaryDirectory('hostile-labels');
    const index = await openStore(storeLocation({ dataDir: databaseDir, database: {} }), silentLog);
    try {
      for (const [number, study] of labelled.entries()) {
        const assessment = { sopInstanceUID: `2.25.7${number}`, seriesInstanceUID: `2.25.8${number}`, studyInstanceUID: study };
        await index.assessments.record({
          ...assessment,
          kind: 'assessment',
          reader: `../../studies/${victimId}?_method=DELETE`,
          verified: true,
          adjudicates: false,
          origin: 'page',
          givenAt: new Date(),
          findings: [
            { name: 'pneumonia', code: '233604007', scheme: 'SCT', meaning: 'Pneumonia', decision: number % 2 ? 'present' : 'absent' },
          ],
          withdrawn: [],
          predecessors: [],
        });
        await index.audit.append({ actor: `../${number}`, action: 'study.view', subject: { studyInstanceUID: study } });
      }
    } finally {
      await index.close();
    }
    const configFile = join(databaseDir, 'config.yaml');
    writeFileSync(configFile, 'retraining: { minNewLabels: 1, headEpochs: 1, epochs: 0, timeLimitMinutes: 1 }\n', { mode: 0o600 });
    const settings = { ...environment(), DATA_DIR: databaseDir, CONFIG_FILE: configFile };
    const retraining = await chestAi(['retrain', '--now', '--json'], settings, commandMs);
    // Too few patients: a run that ends without a model is no fault. It may end before it asks the PACS for anything.
    assert.equal(retraining.code, 3, retraining.stderr);
    await assertHarmless('retrain', 0);
    const drift = await chestAi(['drift', '--json'], settings, commandMs);
    assert.equal(drift.code, 0, drift.stderr);
    await assertHarmless('drift', 0);
    const exported = await chestAi(['audit', 'export', '--format', 'atna', '--with-patients'], settings, commandMs);
    assert.equal(exported.code, 0, exported.stderr);
    assert.ok(exported.stdout.includes(victim.studyInstanceUID));
    await assertHarmless('audit export --with-patients');
    // Orthanc 1.12 has labels of its own, which a rebuild copies as the service does regularly.
    const hasLabels = (await pacs.client.labels()) !== undefined;
    if (hasLabels)
      for (const { ID: id } of (await orthancRequest(pacs.endpoint, 'GET', '/studies?expand')) as readonly { readonly ID: OrthancId }[])
        await pacs.client.setLabel(id, 'pneumonia');
    const rebuilt = await chestAi(['rebuild', '--json'], settings, commandMs);
    assert.ok(objects<{ cursor: number }>(rebuilt)[0], rebuilt.stderr);
    assert.equal(
      proxy.requests.some(({ target }) => target === '/tools/labels'),
      hasLabels,
    );
    await assertHarmless('rebuild of an index with labels');
  });
});

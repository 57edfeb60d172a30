import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import type { DataSet } from '../../src/dicom/data-set.js';
import type { StudyInstanceUID } from '../../src/dicom/uid.js';
import { logInFirst, ownPassword } from '../support/access.js';
import { firstLoginFile } from '../../src/server/access/first-account.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { startFaultyProxy, type FaultyProxy } from '../support/faulty-proxy.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByStow } from '../support/send.js';
import { eventuallyOneResult, spawnService, type SpawnedService } from '../support/service.js';
import { tinyImage } from '../support/tiny-image.js';
import { twoFindingModel } from '../support/two-finding-model.js';

/** Texts that are nowhere else in the world, in every attribute that says who, where and why. */
const planted = {
  PatientName: 'ZQXFAMILY^ZQXGIVEN',
  PatientID: 'ZQXPATID77',
  OtherPatientIDs: 'ZQXOTHER',
  PatientBirthDate: '19431117',
  PatientAddress: 'ZQXSTREET',
  PatientComments: 'ZQXCOMMENT',
  AccessionNumber: 'ZQXACC42',
  StudyID: 'ZQXSTUDYID',
  StudyDescription: 'CHEST ZQXDESCR',
  SeriesDescription: 'CHEST ZQXSERIES',
  ProtocolName: 'ZQXPROTOCOL',
  ReferringPhysicianName: 'ZQXREFER^DOC',
  OperatorsName: 'ZQXOPER^X',
  PerformingPhysicianName: 'ZQXPERFORM',
  InstitutionName: 'ZQXINST',
  InstitutionAddress: 'ZQXTOWN',
} as const satisfies DataSet;
/** Values that are not what their attribute may hold: what complains of them must not repeat them. */
const illegal = {
  ...planted,
  PatientBirthDate: 'ZQXBIRTH',
  PatientSex: 'ZQXSEX',
  StudyDate: 'ZQXDATE',
  StudyTime: 'ZQXTIME',
  PatientID: `ZQXLONG${'9'.repeat(80)}`,
  PatientAge: 'ZQXAGE',
} as const satisfies DataSet;

/** Of METRICS_TOKEN_FILE. */
const metricsToken = 'zqx-metrics-token-of-the-monitoring-0001';

/** The beginnings of all planted words, of six letters: three stand in the write-ahead log of a database by chance now and then. */
const marks = [
  ...new Set([...Object.values(planted), ...Object.values(illegal)].flatMap((value) => value.match(/ZQX[A-Z]{3}/g) ?? [])),
  planted.PatientBirthDate,
];

/** Where a text stands in some bytes, in ASCII or UTF-16, in capitals or not. */
function finds(text: string, bytes: Buffer): boolean {
  const wanted = text.toLowerCase();
  const narrow = bytes.toString('latin1').toLowerCase();
  return narrow.includes(wanted) || narrow.includes(Buffer.from(wanted, 'utf16le').toString('latin1'));
}

/** Fails with the text around a secret that leaked. */
function assertClean(what: string, bytes: Buffer, secrets: readonly string[]): void {
  for (const secret of secrets) {
    if (!finds(secret, bytes)) continue;
    const text = bytes.toString('latin1');
    const at = text.toLowerCase().indexOf(secret.toLowerCase());
    assert.fail(`${secret} stands in ${what}: …${text.slice(Math.max(0, at - 200), at + 100)}…`);
  }
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

describe('no patient attribute leaves the DICOM objects', () => {
  let proxy: FaultyProxy;
  let service: SpawnedService | undefined;
  // Before useOrthanc, which checks at its end that nothing is left running.
  after(async () => {
    await service?.kill();
    await proxy.close();
  });
  const pacs = useOrthanc();
  before(async () => {
    proxy = await startFaultyProxy(pacs.orthanc);
  });
  afterEach(async () => {
    proxy.behave();
    await service?.kill();
    service = undefined;
  });

  test('the search finds what is there', () => {
    for (const encoding of ['latin1', 'utf16le'] as const)
      assert.throws(() => assertClean('x', Buffer.from('a zQxFaMily c', encoding), marks), /stands in/);
    assert.throws(() => assertClean('x', Buffer.from('uid 19431117'), marks));
    assertClean('x', Buffer.from('2.25.4711'), marks);
  });

  for (const format of ['json', 'text'] as const) {
    test(`log format ${format}, level debug: good, skipped, failed, passed over, illegal, refused and unreachable`, async () => {
      const dataDir = temporaryDirectory('privacy');
      // Rules over free texts: the reason why a rule did not take a study must not repeat them.
      const routingFile = join(temporaryDirectory('privacy-rules'), 'routing.yaml');
      writeFileSync(
        routingFile,
        `rules:
  - { name: other-hospital, when: { institutionName: ELSEWHERE, modality: CR }, action: ignore }
  - { name: other-words, when: { modality: CR, description: ELSEWHERE, studyDescription: ELSEWHERE, seriesDescription: ELSEWHERE, protocolName: ELSEWHERE }, action: ignore }
  - { name: chest, when: { modality: CR, bodyPart: CHEST }, action: analyse }
`,
      );
      const metricsTokenFile = join(temporaryDirectory('privacy-token'), 'token');
      writeFileSync(metricsTokenFile, metricsToken, { mode: 0o600 });
      service = await spawnService(pacs.orthanc, {
        url: proxy.url,
        dataDir,
        environment: {
          LOG_LEVEL: 'debug',
          LOG_FORMAT: format,
          ROUTING_FILE: routingFile,
          ENGINE: 'onnx-cpu',
          METRICS_TOKEN_FILE: metricsTokenFile,
        },
      });
      const running = service;
      const url = /orthanc-chest-ai: (\S+)/.exec(
        await eventually('the address', () => (assert.match(running.output(), /orthanc-chest-ai: \S+/), running.output())),
      )![1]!;
      const [, firstPassword] = readFileSync(firstLoginFile(dataDir), 'utf8').trim().split('\n');
      const headers = { ...(await logInFirst(url, dataDir)) };
      const answers: Buffer[] = [];
      const ask = async (path: string): Promise<Response> => {
        const response = await fetch(url + path, { headers });
        answers.push(Buffer.from(await response.clone().arrayBuffer()), Buffer.from(JSON.stringify([...response.headers])));
        return response;
      };
      const outcomeOf = (study: StudyInstanceUID) =>
        eventually(
          `an outcome of ${study}`,
          async () => {
            const response = await ask(`/api/studies/${study}`);
            assert.equal(response.status, 200);
            return ((await response.json()) as { outcome: string }[])[0]!.outcome;
          },
          { timeoutMs: 40_000, intervalMs: 300 },
        );

      const name = (what: string): string => `privacy ${format} ${what}`;
      const good = chestStudy(name('good'), [{ attributes: planted }]);
      const lateral = chestStudy(name('lateral'), [{ view: 'lateral', attributes: planted }]);
      const strange = chestStudy(name('illegal'), [{ attributes: illegal }]);
      const corrupt = tinyImage({ study: name('corrupt') }, { ...planted, Rows: 2000, Columns: 2000 });
      const hand = tinyImage({ study: name('hand') }, { ...planted, BodyPartExamined: 'HAND' });
      await sendByStow([...good.files, ...lateral.files, corrupt.bytes, hand.bytes], pacs.dicomWeb);
      await sendByStow(strange.files, pacs.dicomWeb);
      assert.equal(await outcomeOf(good.studyInstanceUID), 'reported');
      assert.equal(await outcomeOf(lateral.studyInstanceUID), 'skipped');
      assert.equal(await outcomeOf(corrupt.studyInstanceUID), 'failed');
      assert.equal(await outcomeOf(hand.studyInstanceUID), 'skipped');
      await outcomeOf(strange.studyInstanceUID);

      // Refused, answered with an error that quotes a patient, garbled, unreachable; each with a study on its way.
      const quoting = JSON.stringify({ Message: planted.PatientName, Details: planted.PatientID, HttpError: planted.AccessionNumber });
      const faults = [
        { mischief: { kind: 'status', status: 401, body: quoting }, only: /./ },
        { mischief: { kind: 'status', status: 500, body: quoting }, only: /^GET \/dicom-web/ },
        { mischief: { kind: 'status', status: 400, body: quoting }, only: /^POST \/dicom-web/ },
        { mischief: { kind: 'shorten', keepBytes: 3_000 }, only: /^GET \/dicom-web\/studies\/[^/]+\/(metadata|series)/ },
        { mischief: { kind: 'refuse' }, only: /./ },
      ] as const;
      for (const [index, { mischief, only }] of faults.entries()) {
        const study = chestStudy(name(`fault ${index}`), [{ attributes: planted }]);
        const before = proxy.requests.length;
        proxy.misbehave(mischief, { only, times: 2 });
        await sendByStow(study.files, pacs.dicomWeb);
        await eventually(
          'the fault has occurred',
          async () => {
            await ask('/health');
            assert.ok(
              mischief.kind === 'refuse'
                ? running.output().includes('pacs-unreachable')
                : proxy.requests.slice(before).some((one) => only.test(one)),
            );
          },
          { timeoutMs: 30_000 },
        );
        // Refused connections are not counted by the proxy.
        if (mischief.kind === 'refuse') proxy.behave();
        await outcomeOf(study.studyInstanceUID);
        proxy.behave();
      }
      await eventuallyOneResult(pacs.dicomWeb, good.studyInstanceUID);
      for (const path of [
        '/health',
        '/api/results',
        '/api/results?outcome=failed',
        '/',
        '/api/studies/1.2.3',
        '/nowhere',
        '/metrics',
        '/api/failed-jobs',
        '/api/audit',
        '/api/accounts',
        '/api/tokens',
        '/api/me',
      ])
        await ask(path);

      const { planted: opened, shown } = await comeAndGo(url, headers, good);
      answers.push(...shown);

      assert.equal(await running.end(), 0);
      service = undefined;

      const credentials = `${pacs.orthanc.username}:${pacs.orthanc.password}`;
      // What opens a door, in whatever form it came: passwords, the cookie, tokens.
      const secrets = [
        ...marks,
        pacs.orthanc.password,
        Buffer.from(credentials).toString('base64'),
        headers.cookie!.split('=')[1]!,
        metricsToken,
        ...opened,
      ];
      const output = Buffer.from(running.output());
      // of the millions of bytes of shipped weights, some three look like the mark by chance
      const shipped = filesBelow(twoFindingModel).map((file) => readFileSync(file));
      const files = filesBelow(dataDir).filter((file) => !shipped.some((bytes) => bytes.equals(readFileSync(file))));
      // What may be there is there: so these are the right places to look at.
      assert.ok(finds(good.studyInstanceUID, output), 'the log names the study');
      assert.ok(
        answers.some((one) => finds(good.studyInstanceUID, one)),
        'so do the answers',
      );
      assert.ok(
        files.some((file) => finds(good.studyInstanceUID, readFileSync(file))),
        'and the index',
      );
      for (const code of ['pacs-unauthorized', 'pacs-error', 'pacs-unreachable'])
        assert.ok(finds(code, output), `${code} occurred and was logged`);
      assertClean('what the service wrote', output, secrets);
      for (const answer of answers) assertClean('an answer of the service', answer, secrets);
      for (const file of files) assertClean(file, readFileSync(file), secrets);
      // The one file that held the first password went when it was changed, and nothing else holds either.
      for (const file of files) assertClean(file, readFileSync(file), [firstPassword!, ownPassword]);
      assertClean('what the service wrote', output, [firstPassword!]);
    });
  }
});

/**
 * What people do, with a patient's attributes and secrets in every place where somebody could put them.
 *
 * @returns secrets that were made on the way, and answers in which no patient may stand: not those that show the PACS's own
 */
async function comeAndGo(
  url: string,
  headers: Record<string, string>,
  good: { readonly studyInstanceUID: string; readonly files: readonly Uint8Array[] },
): Promise<{ readonly planted: readonly string[]; readonly shown: readonly Buffer[] }> {
  const shown: Buffer[] = [];
  const post = async (path: string, body: unknown, more: Record<string, string> = headers): Promise<Response> => {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: new URL(url).origin, ...more },
      body: JSON.stringify(body),
    });
    shown.push(Buffer.from(JSON.stringify([...response.headers])));
    return response;
  };
  const hostile = Object.values(planted).join(' ');
  for (const [name, password] of [
    [planted.PatientName, 'zqx-password-in-clear'],
    ['admin', 'zqx-password-in-clear'],
    [hostile, hostile],
  ] as const)
    shown.push(Buffer.from(await (await post('/api/login', { name, password }, {})).arrayBuffer()));
  const made = (await (await post('/api/tokens', { name: 'planted', roles: ['service'] })).json()) as { token: string };
  const account = (await (await post('/api/accounts', { name: 'new-user', roles: ['reader'] })).json()) as { password: string };
  assert.ok(made.token && account.password);
  for (const [path, body] of [
    ['/api/accounts', { name: hostile, roles: ['reader'] }],
    ['/api/accounts', { name: 'x', roles: [hostile] }],
    ['/api/tokens', { [hostile]: 1 }],
    ['/api/password', { current: hostile, next: hostile }],
    [`/api/studies/${good.studyInstanceUID}/assessments`, { [hostile]: hostile }],
  ] as const) {
    const response = await post(path, body);
    assert.ok(response.status >= 400 && response.status < 500, `${path}: ${response.status}`);
  }
  // Answers here may show what the PACS or the file says, to somebody who may see it; the log and the database must not keep it.
  for (const path of [
    `/dicom-web/studies?PatientName=${planted.PatientName}&00100020=${planted.PatientID}`,
    `/dicom-web/studies/${good.studyInstanceUID}/metadata`,
    `/dicom-web/${planted.PatientID}`,
    `/${planted.PatientID}?${planted.AccessionNumber}`,
    `/api/worklist?search=${planted.PatientID}`,
    `/api/results?outcome=${planted.PatientID}`,
    `/api/audit?actor=${planted.PatientID}`,
  ]) {
    await fetch(url + path, { headers });
  }
  for (const [bytes, status] of [
    [good.files[0]!, 200],
    [Buffer.from(hostile), 200],
  ] as const) {
    const response = await fetch(`${url}/api/analyze`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/octet-stream', 'x-file-name': encodeURIComponent(`${planted.PatientID}.dcm`) },
      body: Buffer.from(bytes),
    });
    assert.equal(response.status, status);
    await response.arrayBuffer();
  }
  const metrics = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${made.token}` } });
  const byFile = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${metricsToken}` } });
  assert.equal(byFile.status, 200);
  shown.push(Buffer.from(await byFile.arrayBuffer()));
  // where it opens nothing
  assert.equal((await fetch(`${url}/api/results`, { headers: { authorization: `Bearer ${metricsToken}` } })).status, 403);
  assert.equal(metrics.status, 200);
  const text = Buffer.from(await metrics.arrayBuffer());
  assert.match(text.toString(), /chest_ai_http_request_seconds_count\{method="POST",route="\/api\/login",status="401"\}/);
  assert.match(text.toString(), /^chest_ai_ready 1$/m);
  assert.match(text.toString(), /^chest_ai_disk_free_bytes [1-9]/m);
  assert.match(text.toString(), /^chest_ai_clock_skew_seconds \d/m);
  assert.match(text.toString(), /^chest_ai_results\{outcome="reported"\} [1-9]/m);
  assert.match(text.toString(), /^chest_ai_study_seconds_count\{outcome="reported"\} [1-9]/m);
  // Figures have no UID either: each would be a series of its own.
  assert.doesNotMatch(text.toString(), /\d+\.\d+\.\d+\.\d+/);
  shown.push(text);
  return { planted: [made.token, account.password, 'zqx-password-in-clear'], shown };
}

import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { RunningService } from '../../src/service/start-service.js';
import { isViewerPath } from '../../src/server/routes/dicom-web.js';
import { textSeeded } from '../../src/lib/seeded-random.js';
import { logInFirst, type LoggedIn } from '../support/access.js';
import { chestStudy } from '../support/chest-study.js';
import { eventually } from '../support/eventually.js';
import { startFaultyProxy, type FaultyProxy } from '../support/faulty-proxy.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { limitHere } from '../support/machine-speed.js';
import { sendByStow } from '../support/send.js';
import { startTestService } from '../support/service.js';

test('whatever the path, what is passed on stays below DICOMweb and climbs nowhere', () => {
  const random = textSeeded('paths');
  const pieces = [
    '/studies',
    '/series',
    '/instances',
    '/metadata',
    '/rendered',
    '/frames/1',
    '/bulk/0028',
    '/1.2.840.113619.2',
    '/..',
    '/.',
    '//',
    '/%2e%2e',
    '/%2f',
    '\\',
    '/1..2',
    '/.1',
    '/1.',
    '@evil.example',
    ':80',
    '?',
    '#',
    '/system',
    '/1/2',
    ' ',
    '\t',
    '/tools',
    '/0',
    '\u0000',
    '/é',
  ];
  let taken = 0;
  for (let n = 0; n < 200_000; n++) {
    const path = Array.from({ length: 1 + Math.floor(random() * 8) }, () => pieces[Math.floor(random() * pieces.length)]!).join('');
    if (!isViewerPath(path)) continue;
    taken++;
    assert.match(path, /^(\/[a-z0-9.,]+)+$/);
    assert.doesNotMatch(path, /\/\.|\.\.|\.(\/|$)/);
    const url = new URL(`http://pacs.example:8042/dicom-web${path}`);
    assert.deepEqual([url.host, url.pathname], ['pacs.example:8042', `/dicom-web${path}`], 'an address parser leaves it as it is');
  }
  assert.ok(taken > 1000, `${taken} paths taken`);
  // In time proportional to the length.
  const long = `/studies/${'1.'.repeat(50_000)}`;
  assert.equal(isViewerPath(long), false);
});

describe('the DICOMweb proxy before a real Orthanc', () => {
  let proxy: FaultyProxy;
  let service: RunningService;
  let headers: LoggedIn;
  const dataDir = temporaryDirectory('proxy');
  const { studyInstanceUID, files } = chestStudy('proxied');
  // Before useOrthanc, which checks at its end that nothing is left running.
  after(async () => {
    await service?.stop();
    await proxy?.close();
  });
  const pacs = useOrthanc();
  before(async () => {
    await sendByStow(files, pacs.dicomWeb);
    proxy = await startFaultyProxy(pacs.orthanc);
    service = await startTestService(pacs.orthanc, {
      dataDir,
      url: proxy.url,
      orthanc: { pollIntervalMs: 600_000, sweepIntervalMs: 600_000 },
    });
    headers = await logInFirst(service.url, dataDir);
    // The service's own questions are over: what reaches the PACS from here on is the viewer's.
    await eventually('the study is reported', async () => assert.ok(await service.store.results.currentResult(studyInstanceUID)), {
      timeoutMs: 60_000,
    });
    await eventually('the service asks nothing more', async () => {
      const before = proxy.requests.length;
      await new Promise((resolve) => setTimeout(resolve, limitHere(1_500)));
      assert.equal(proxy.requests.slice(before).filter((one) => one.includes('/dicom-web/')).length, 0);
    });
  });

  /** The request line byte for byte, which no client of Node would send so. */
  const raw = (line: string, more = ''): Promise<string> =>
    new Promise((resolve, reject) => {
      const { hostname, port, host } = new URL(service.url);
      const socket = net.connect(Number(port), hostname, () =>
        socket.write(
          `${line} HTTP/1.1\r\nHost: ${host}\r\nCookie: ${headers.cookie}\r\nOrigin: ${headers.origin}\r\nConnection: close\r\n${more}\r\n`,
        ),
      );
      let answer = '';
      socket.setTimeout(15_000, () => socket.destroy(new Error('no answer')));
      socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
      socket.on('close', () => resolve(answer));
      socket.on('error', reject);
    });
  const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);

  test("searching and retrieving work, without a header of Orthanc that is no viewer's business", async () => {
    const found = await fetch(`${service.url}/dicom-web/studies?StudyInstanceUID=${studyInstanceUID}`, { headers: { ...headers } });
    assert.equal(found.status, 200);
    assert.equal(((await found.json()) as unknown[]).length, 1);
    for (const name of ['server', 'www-authenticate', 'set-cookie', 'x-powered-by']) assert.equal(found.headers.get(name), null, name);
    assert.equal((await fetch(`${service.url}/dicom-web/studies/${studyInstanceUID}/metadata`, { headers: { ...headers } })).status, 200);
    assert.equal((await fetch(`${service.url}/dicom-web/studies/1.2.3/metadata`, { headers: { ...headers } })).status, 404);
  });

  test('without a login nothing reaches the PACS', async () => {
    const before = proxy.requests.length;
    for (const path of ['/dicom-web/studies', `/dicom-web/studies/${studyInstanceUID}/metadata`, '/dicom-web/', '/dicom-web'])
      assert.equal((await fetch(service.url + path)).status, 401, path);
    assert.equal(proxy.requests.length, before);
  });

  test('no way leads to another path, host or method', async () => {
    const before = proxy.requests.length;
    const ways = [
      'GET /dicom-web/../system',
      'GET /dicom-web/studies/../../system',
      'GET /dicom-web/studies/%2e%2e/%2e%2e/system',
      'GET /dicom-web/studies/..%2f..%2fsystem',
      'GET /dicom-web/studies/1.2/../../../system',
      'GET /dicom-web/..;/system',
      'GET /dicom-web/%2e%2e/system',
      'GET /dicom-web//system',
      'GET /dicom-web/studies//..//..//system',
      'GET /dicom-web/studies/..',
      'GET /dicom-web/studies/../series',
      'GET /dicom-web/studies/1..2/series',
      'GET /dicom-web/studies/.',
      'GET /dicom-web\\..\\system',
      'GET /dicom-web/studies\\..\\..\\system',
      'GET /dicom-web/studies/1.2%00/metadata',
      'GET /dicom-web/studies/1.2%0d%0aX-Evil:1/metadata',
      'GET /dicom-web/studies/1.2%23/metadata',
      'GET /dicom-web/studies;x=/metadata',
      'GET /dicom-web/@evil.example/studies',
      'GET /dicom-web:80/studies',
      'GET http://evil.example/dicom-web/../system',
      'GET //evil.example/dicom-web/studies',
      'GET /dicom-web/servers',
      'GET /dicom-web/studies/1.2/archive',
      'GET /dicom-web/app/explorer.html',
      'GET /dicom-web/wado?requestType=WADO',
      'GET /DICOM-WEB/../system',
      'GET /dicom-web/STUDIES/../system',
      ...['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'].map((method) => `${method} /dicom-web/studies`),
      `DELETE /dicom-web/studies/${studyInstanceUID}`,
      `POST /dicom-web/studies/${studyInstanceUID}`,
      'POST /dicom-web/studies/1.2/reject/113001%5EDCM',
    ];
    for (const way of ways) {
      const answer = await raw(way, way.startsWith('GET') ? '' : 'Content-Length: 0\r\n');
      const status = statusOf(answer);
      assert.ok(status >= 400 && status < 500, `${way}: ${answer.slice(0, 200)}`);
      assert.doesNotMatch(answer, /DicomAet|DatabaseVersion|ApiVersion/, way);
    }
    assert.deepEqual(
      proxy.requests.slice(before).filter((one) => !/^GET \/(system|changes|tools\/now)/.test(one)),
      [],
      'nothing of it reached the PACS',
    );
    // A method told by a header is none.
    const overridden = await raw(
      'GET /dicom-web/studies?limit=1',
      'X-HTTP-Method-Override: DELETE\r\nX-Forwarded-Host: evil.example\r\nX-Original-URL: /system\r\n',
    );
    assert.equal(statusOf(overridden), 200);
    assert.match(proxy.requests.at(-1)!, /^GET \/dicom-web\/studies\?limit=1/);
  });

  test('M9: a method in the query does not reach the PACS', async () => {
    const before = proxy.requests.length;
    for (const query of [
      '_method=DELETE',
      '%5fmethod=DELETE',
      '_METHOD=DELETE&limit=1',
      'limit=1&_method=PUT&_method=DELETE',
      'limit=1&x-http-method-override=DELETE',
    ]) {
      for (const path of [`/dicom-web/studies/${studyInstanceUID}/metadata`, '/dicom-web/studies'])
        assert.equal(statusOf(await raw(`GET ${path}?${query}`)), 200, query);
    }
    const reached = proxy.requests.slice(before).filter((one) => one.includes('/dicom-web/'));
    assert.equal(reached.length, 10);
    for (const one of reached) assert.match(one, /^GET \/dicom-web\/studies[0-9./a-z]*(\?limit=1)?( |$)/);
    assert.equal((await fetch(`${service.url}/dicom-web/studies/${studyInstanceUID}/metadata`, { headers: { ...headers } })).status, 200);
  });

  test('D29: a search for nothing but wildcards finds nothing and asks the PACS nothing', async () => {
    const before = proxy.requests.length;
    for (const search of ['*', '?', '***', '\\', '*\\*', '? *']) {
      const answer = await fetch(`${service.url}/api/worklist?search=${encodeURIComponent(search)}`, { headers: { ...headers } });
      assert.deepEqual([answer.status, ((await answer.json()) as { rows: unknown[] }).rows], [200, []], search);
    }
    assert.deepEqual(
      proxy.requests.slice(before).filter((one) => one.includes('/dicom-web/')),
      [],
    );
    const found = await fetch(`${service.url}/api/worklist?search=${encodeURIComponent('PHANTOM^TEST')}`, { headers: { ...headers } });
    assert.equal(((await found.json()) as { rows: unknown[] }).rows.length, 1, 'a name with its caret is found');
  });

  test('a redirect of the PACS is not followed, and does not reach the browser as one', async () => {
    proxy.misbehave({ kind: 'status', status: 302, body: '' }, { times: 1, only: /dicom-web\/studies/ });
    const response = await fetch(`${service.url}/dicom-web/studies`, { headers: { ...headers }, redirect: 'manual' });
    proxy.behave();
    assert.ok(response.status >= 400 || response.headers.get('location') === null, String(response.status));
    assert.notEqual(response.status, 200);
  });

  test('errors of the PACS are told without their text, which may quote a patient', async () => {
    for (const status of [400, 401, 403, 404, 500, 503]) {
      proxy.misbehave({ kind: 'status', status, body: JSON.stringify({ Message: 'ZQXNAME' }) }, { times: 1, only: /dicom-web\/studies/ });
      const response = await fetch(`${service.url}/dicom-web/studies`, { headers: { ...headers } });
      proxy.behave();
      assert.ok(response.status >= 400, String(response.status));
      assert.equal(response.headers.get('www-authenticate'), null);
      assert.doesNotMatch(await response.text(), /ZQXNAME/);
    }
  });

  test('a PACS that is silent, and a browser that goes away, hold nothing', async () => {
    proxy.misbehave({ kind: 'delay', delayMs: 20_000 }, { only: /dicom-web\/studies/ });
    const silent = await fetch(`${service.url}/dicom-web/studies`, { headers: { ...headers } });
    assert.equal(silent.status, 504);
    await assert.rejects(fetch(`${service.url}/dicom-web/studies`, { headers: { ...headers }, signal: AbortSignal.timeout(300) }));
    proxy.behave();
    assert.equal((await fetch(`${service.url}/dicom-web/studies?limit=1`, { headers: { ...headers } })).status, 200);
  });

  test('who looked at which study is on record', async () => {
    const viewed = await service.store.audit.list({ action: 'study.view' });
    assert.ok(viewed.some((one) => one.subject.includes(studyInstanceUID)));
    assert.ok((await service.store.audit.list({ action: 'pacs.search' })).length > 0);
  });
});

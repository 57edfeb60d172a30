import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { isUid, isUsableUid, loggedUid, quotedUid } from '../../src/dicom/uid.js';
import { Fault } from '../../src/errors.js';
import { HttpExchange } from '../../src/http/http-exchange.js';
import { pacsAddress, requireAddress, uidSegment, type PacsAddress } from '../../src/http/pacs-address.js';
import { plainText } from '../../src/lib/plain-text.js';
import { textSeeded } from '../../src/lib/seeded-random.js';
import { viewerAddress } from '../../src/server/routes/dicom-web.js';
import { isFault } from '../support/fault.js';

const id = '0123abcd-0123abcd-0123abcd-0123abcd-0123abcd';

/** UIDs that a sender may write, none of which may reach another address. */
const hostile = [
  `../../studies/${id}?_method=DELETE&a=`,
  '1.2.3.6/../../system',
  '..',
  '.',
  '',
  '/',
  '1.2/3',
  '1.2\\3',
  '1.2.3.7?x=1#y',
  '1.2#3',
  '1.2%2f..%2f..',
  '%2e%2e',
  '1.2 3',
  '1.2\u00003',
  '1.2\r\nX-HTTP-Method-Override: DELETE',
  '1.2;3',
  '1.2&_method=DELETE',
  '*',
  '1.2.*',
  '1.2\u2024',
  'é.1',
  '\ud800',
  'DOE^JOHN^19600101',
  '\u001b[2J',
  '.1.2',
  '1.2.',
  '-1.2',
  'a'.repeat(129),
  '9'.repeat(60_000),
  '<script>',
  '"',
  "'",
  '1.2.3\u202e',
];
/** UIDs that PS3.5 §9.1 does not allow and that PACS hold. */
const tolerated = ['1.2.840.00123.4', '1.2.abc', `1.2.${'9'.repeat(90)}`, '1.2..3', '12', '1.2-3_4', 'ABC'];

describe('UIDs that others made', () => {
  test('U3: usable are those that name an object and nothing else; all that PS3.5 allows are', () => {
    for (const uid of [...tolerated, '1.2.840.10008.1.1', '2.25.0', '0.0']) assert.ok(isUsableUid(uid), uid);
    for (const uid of hostile) assert.ok(!isUsableUid(uid), JSON.stringify(uid.slice(0, 80)));
    for (const uid of tolerated) assert.ok(!isUid(uid), `${uid}: what we create is stricter`);
  });

  test('U3: quoted, every UID is short, printable, unlike every other, and never usable', () => {
    const quoted = hostile.map(quotedUid);
    assert.equal(new Set(quoted).size, hostile.length);
    for (const one of quoted) {
      assert.match(one, /^[0-9A-Za-z._%~-]{1,128}$/);
      assert.ok(!isUsableUid(one), one);
    }
    assert.equal(quotedUid('1.2.3.7?x=1#y'), '1.2.3.7%3Fx%3D1%23y');
    // A UID that looks like the quoted form of another is not taken for it.
    assert.notEqual(quotedUid(quotedUid('1.2?')), quotedUid('1.2?'));
    for (const uid of tolerated) assert.equal(quotedUid(uid), uid);
  });

  test('M10: a log shows a UID only where it is of digits and points', () => {
    assert.equal(loggedUid('1.2.840.00123'), '1.2.840.00123');
    for (const uid of ['DOE^JOHN^19600101', '\u001b[31m1.2', '1.2\n2026 error', 'DOE.JOHN'])
      assert.match(loggedUid(uid), /^uid-[0-9a-f]{12}$/);
  });
});

describe('addresses of the PACS', () => {
  test('C1: a UID that could lead elsewhere is refused, and the fault names the attribute', () => {
    for (const uid of hostile)
      assert.throws(
        () => uidSegment(uid, 'StudyInstanceUID'),
        (thrown) => isFault('dicom-attribute', { retryable: false })(thrown) && (thrown as Fault).subject.attribute === 'StudyInstanceUID',
      );
    for (const uid of tolerated) {
      const [, , segment, last] = pacsAddress(['studies', uidSegment(uid, 'StudyInstanceUID'), 'metadata']).split('/');
      assert.equal(decodeURIComponent(segment!).trim(), uid);
      assert.equal(last, 'metadata');
    }
  });

  test('C1: no segment climbs, ends the path or begins a query, whatever is put into it', () => {
    const random = textSeeded('segments');
    const pieces = [
      '..',
      '.',
      '/',
      '\\',
      '?',
      '#',
      '%',
      '%2f',
      '%2F',
      '%5c',
      '%00',
      '%2e',
      ' ',
      'a',
      '1',
      '_method=DELETE',
      '&',
      '=',
      ';',
      '@',
      ':',
      '\u0000',
      '\n',
      'ü',
      '\ud800',
      '*',
      '~',
    ];
    let taken = 0;
    for (let n = 0; n < 100_000; n++) {
      const segment = Array.from({ length: 1 + Math.floor(random() * 6) }, () => pieces[Math.floor(random() * pieces.length)]!).join('');
      let address: string;
      try {
        address = pacsAddress(['modalities', segment, 'store'], { limit: 1 });
      } catch (error) {
        assert.ok(error instanceof Fault);
        continue;
      }
      taken++;
      const url = new URL(`http://pacs.example${address}`);
      const [, first, middle, last, ...more] = url.pathname.split('/');
      assert.deepEqual(
        [url.host, first, decodeURIComponent(middle!), last, more.length, url.search, url.hash],
        ['pacs.example', 'modalities', segment, 'store', 0, '?limit=1', ''],
      );
      // Orthanc splits a path after it has decoded it.
      assert.doesNotMatch(decodeURIComponent(url.pathname), /\/\.|\/\/|\\|\u0000/);
    }
    assert.ok(taken > 1_000, `${taken} segments taken`);
  });

  test('C1: a query holds names of attributes and parameters only, and its values stay values', () => {
    assert.equal(
      pacsAddress(['studies'], { StudyDate: '20260101-', limit: 100, includefield: ['00081030,00080060', 'x'] }),
      '/studies?StudyDate=20260101-&limit=100&includefield=00081030,00080060&includefield=x',
    );
    assert.equal(pacsAddress(['changes'], { last: true }), '/changes?last');
    for (const name of ['_method', 'a&_method', 'a=b', '', '__proto__', 'a.', '#'])
      assert.throws(() => pacsAddress(['studies'], Object.fromEntries([[name, 'DELETE']])), isFault('request-invalid'));
    for (const value of ['x&_method=DELETE', 'x#', 'x?_method=DELETE', '\r\n', '\u0000', '%26_method=DELETE', '\ud800']) {
      assert.equal(
        new URL(`http://pacs.example${pacsAddress(['studies'], { PatientID: value })}`).searchParams.get('PatientID'),
        value === '\ud800' ? '\ufffd' : value,
      );
      assert.equal(new URL(`http://pacs.example${pacsAddress(['studies'], { PatientID: value })}`).searchParams.has('_method'), false);
    }
  });

  test('C1: what was not built by it is not sent', async () => {
    for (const address of [
      'studies',
      '/studies/../system',
      '/studies/%2e%2e/system',
      '/studies?_method=DELETE',
      '/studies?a=1&_method=DELETE',
      '/studies/%2f',
      '/studies//x',
      '//evil.example/',
      '/a b',
      '/a#b',
      '/studies?a=?&%5fmethod#',
    ]) {
      assert.throws(() => requireAddress(address), isFault('internal'), address);
    }
    const http = new HttpExchange({ url: 'http://127.0.0.1:9', timeoutMs: 1_000 });
    await assert.rejects(http.exchange({ path: '/studies/../system' as PacsAddress }), isFault('internal'));
  });

  test('C1: a redirect is not followed, and the base address of the PACS may have a path', async () => {
    const seen: string[] = [];
    const server = http
      .createServer((request, response) => {
        seen.push(`${request.method} ${request.url}`);
        response.writeHead(307, { Location: `/studies/${id}?_method=DELETE` }).end();
      })
      .listen(0, '127.0.0.1');
    await once(server, 'listening');
    const exchange = new HttpExchange({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/orthanc/`, timeoutMs: 5_000 });
    const reply = await exchange.exchange({ path: pacsAddress(['system']) });
    exchange.close();
    server.close();
    assert.deepEqual([reply.status, seen], [307, ['GET /orthanc/system']]);
  });

  test("M9: of a viewer's query only attributes and parameters of DICOMweb are passed on", () => {
    assert.equal(viewerAddress('/studies/1.2/metadata', new URLSearchParams('_method=DELETE')), '/studies/1.2/metadata');
    assert.equal(
      viewerAddress(
        '/studies',
        new URLSearchParams(
          '%5Fmethod=DELETE&PatientName=A*&_METHOD=PUT&includefield=00081030&includefield=00080060&x-http-method-override=DELETE&__proto__=1',
        ),
      ),
      '/studies?PatientName=A*&includefield=00081030&includefield=00080060',
    );
    assert.equal(
      viewerAddress('/studies/1.2/series/3.4/instances/5.6/frames/1,2', new URLSearchParams('accept=image%2Fjpeg')),
      '/studies/1.2/series/3.4/instances/5.6/frames/1,2?accept=image/jpeg',
    );
  });
});

test('M10: a value from outside becomes one bounded line', () => {
  assert.equal(plainText('CHEST', 16), 'CHEST');
  assert.equal(plainText('\u001b[2Ja\r\nb\u0000\u202ec', 100), '[2Ja b c');
  assert.equal(plainText('x'.repeat(50_000), 10), `${'x'.repeat(9)}…`);
  assert.equal(plainText('\ud800', 10), '\ufffd');
});

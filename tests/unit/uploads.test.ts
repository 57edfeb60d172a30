import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { receiveUpload } from '../../src/uploads/receive-upload.js';
import { projectRoot } from '../../src/config.js';
import { removeAbandonedUploads, uploadFolder } from '../../src/uploads/process-folder.js';
import { unpackLimits, unpackZip } from '../../src/uploads/unpack-zip.js';
import { isFault } from '../support/fault.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { checksum, zipOf } from '../support/zip.js';

describe('an upload', () => {
  test('lies on disk until it is removed, whole', async () => {
    const directory = temporaryDirectory('uploads');
    const upload = await receiveUpload(Readable.from([Buffer.from('abc'), Buffer.from('def')]), {
      directory,
      maxBytes: 10,
      declaredBytes: 6,
    });
    assert.equal(readFileSync(upload.path, 'utf8'), 'abcdef');
    await upload.remove();
    assert.deepEqual(readdirSync(directory), []);
  });

  test('two gigabytes are refused before a byte has come', async () => {
    const source = new Readable({
      read() {
        this.destroy(new Error('it was read'));
      },
    });
    await assert.rejects(
      receiveUpload(source, { directory: temporaryDirectory('uploads'), maxBytes: 512 * 2 ** 20, declaredBytes: 2 * 2 ** 30 }),
      isFault('upload-too-large', { detail: /at most 512 MB/ }),
    );
  });

  test('one that is longer than it says is cut off, and nothing stays', async () => {
    const directory = temporaryDirectory('uploads');
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(1024);
      })(),
    );
    await assert.rejects(receiveUpload(endless, { directory, maxBytes: 10_000 }), isFault('upload-too-large'));
    assert.deepEqual(readdirSync(directory), []);
  });

  test('one that breaks off is a fault that may pass, and nothing stays', async () => {
    const directory = temporaryDirectory('uploads');
    const broken = Readable.from(
      (function* () {
        yield Buffer.alloc(10);
        throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
      })(),
    );
    await assert.rejects(receiveUpload(broken, { directory, maxBytes: 100 }), isFault('upload-broken-off'));
    await assert.rejects(
      receiveUpload(Readable.from([Buffer.alloc(10)]), { directory, maxBytes: 100, declaredBytes: 20 }),
      isFault('upload-broken-off', { detail: /expected 20 bytes, 10 came/ }),
    );
    assert.deepEqual(readdirSync(directory), []);
  });

  test('D2d: the start of a process removes what ended processes left, and nothing of one that runs', async () => {
    const root = join(temporaryDirectory('uploads'), 'uploads');
    await removeAbandonedUploads(root);
    const program = `const { uploadFolder } = await import('${join(projectRoot, 'dist/src/uploads/process-folder.js')}'); const { mkdirSync, writeFileSync } = await import('node:fs');
      const folder = uploadFolder(${JSON.stringify(root)}); mkdirSync(folder, { recursive: true }); writeFileSync(folder + '/upload', 'x'); console.log(folder); setInterval(() => undefined, 1000);`;
    const other = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const theirs = String((await once(other.stdout, 'data'))[0]).trim();
    const own = uploadFolder(root);
    const [old, otherHost] = [join(root, '8d7f7d9e-0000-4000-8000-000000000000'), join(root, '17-4711-0123456789ab')];
    for (const folder of [own, otherHost]) mkdirSync(folder, { recursive: true });
    writeFileSync(old, 'of release 0.2.0');
    await removeAbandonedUploads(root);
    assert.deepEqual(
      [theirs, own, old, otherHost].map((path) => existsSync(path)),
      [true, true, true, true],
    );
    const yesterday = new Date(Date.now() - 25 * 3_600_000);
    for (const path of [old, otherHost]) utimesSync(path, yesterday, yesterday);
    other.kill('SIGKILL');
    await once(other, 'close');
    await removeAbandonedUploads(root);
    assert.deepEqual(
      [theirs, own, old, otherHost].map((path) => existsSync(path)),
      [false, true, false, false],
    );
  });
});

describe('a ZIP archive', () => {
  const archive = (bytes: Uint8Array): { path: string; into: string } => {
    const directory = temporaryDirectory('zip');
    writeFileSync(join(directory, 'a.zip'), bytes);
    return { path: join(directory, 'a.zip'), into: join(directory, 'unpacked') };
  };

  test('its files come out under names of ours; folders and what archivers add do not', async () => {
    const { path, into } = archive(
      zipOf([
        { name: 'study/1.dcm', content: Buffer.from('one') },
        { name: 'study/', content: Buffer.alloc(0) },
        { name: '__MACOSX/study/._1.dcm', content: Buffer.from('x') },
        { name: 'study/.DS_Store', content: Buffer.from('x') },
        { name: '2.dcm', content: Buffer.from('two') },
      ]),
    );
    const files = await unpackZip(path, into);
    assert.deepEqual(
      files.map(({ name, path: file }) => [name, readFileSync(file, 'utf8')]),
      [
        ['1.dcm', 'one'],
        ['2.dcm', 'two'],
      ],
    );
    assert.deepEqual(readdirSync(into).sort(), ['0', '1']);
  });

  test('a name that leads out of the folder is refused', async () => {
    const { path, into } = archive(zipOf([{ name: '../../../../tmp/evil', content: Buffer.from('x') }]));
    await assert.rejects(unpackZip(path, into), isFault('upload-refused'));
  });

  test('a bomb is noticed as it goes off: 40 MB of zeros in 40 KB', async () => {
    const { path, into } = archive(zipOf([{ name: 'bomb.dcm', content: Buffer.alloc(40 << 20) }]));
    await assert.rejects(unpackZip(path, into), isFault('upload-refused', { detail: /ZIP bomb/ }));
  });

  test('a bomb that lies about its size is noticed too', async () => {
    const content = Buffer.alloc(40 << 20);
    const { path, into } = archive(zipOf([{ name: 'bomb.dcm', content, statedSize: 1000 }]));
    await assert.rejects(unpackZip(path, into), isFault('upload-refused'));
  });

  test('many entries, and many bytes together, have their limit', async () => {
    const many = archive(zipOf(Array.from({ length: 6 }, (_, index) => ({ name: `${index}.dcm`, content: Buffer.from('x') }))));
    await assert.rejects(
      unpackZip(many.path, many.into, { ...unpackLimits, entries: 5 }),
      isFault('upload-refused', { detail: /6 entries/ }),
    );
    const large = archive(zipOf(Array.from({ length: 6 }, (_, index) => ({ name: `${index}.dcm`, content: Buffer.alloc(1000, index) }))));
    await assert.rejects(unpackZip(large.path, large.into, { ...unpackLimits, bytes: 3500 }), isFault('upload-refused'));
  });

  test('what is none, and one that was cut off, are refused', async () => {
    for (const bytes of [
      Buffer.from('PK\u0003\u0004 and then nothing'),
      zipOf([{ name: 'a', content: Buffer.from('abc') }]).subarray(0, 40),
    ]) {
      const { path, into } = archive(bytes);
      await assert.rejects(unpackZip(path, into), isFault('upload-refused', { detail: /cannot be read as a ZIP/ }));
    }
  });

  test('the archives of these tests are archives: their checksums hold', () => {
    assert.equal(checksum(Buffer.from('123456789')), 0xcbf43926);
    assert.ok(deflateRawSync(Buffer.alloc(40 << 20)).length < 50_000);
  });
});

import assert from 'node:assert/strict';
import { mkdtempSync, openSync, readdirSync, truncateSync, closeSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { readPart10, writePart10 } from '../../src/dicom/part10.js';
import { sampleStudies } from '../../src/samples/sample-studies.js';
import { Fault } from '../../src/errors.js';
import { readHeader } from '../../src/reporting/upload-header.js';
import { receiveUpload } from '../../src/uploads/receive-upload.js';
import { unpackZip } from '../../src/uploads/unpack-zip.js';
import { UploadRoom, uploadRoomLimits, type UploadPlace } from '../../src/uploads/upload-room.js';
import { isFault } from '../support/fault.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { zipOf } from '../support/zip.js';

const limits = {
  ...uploadRoomLimits,
  maxOfUser: 2,
  maxOfAll: 3,
  maxWaitingOfUser: 2,
  maxWaitingOfAll: 4,
  maxBytes: 1000,
  keepFreeBytes: 100,
};
const room = (free = 1e9) => new UploadRoom('/nowhere', limits, async () => free);
/** Whether it is still pending after a turn of the event loop. */
const isWaiting = async (one: Promise<unknown>): Promise<boolean> =>
  (await Promise.race([
    one.then(
      () => false,
      () => false,
    ),
    new Promise((resolve) => setImmediate(() => resolve(true))),
  ])) as boolean;

describe('M7, D11: uploads before they reach the disk', () => {
  test('of one account two at a time; another account passes those that wait', async () => {
    const one = room();
    const [first] = await Promise.all([one.enter('viewer'), one.enter('viewer')]);
    const third = one.enter('viewer');
    assert.ok(await isWaiting(third));
    const other = await one.enter('other');
    assert.ok(await isWaiting(third), 'three of all are enough');
    other.release();
    assert.ok(await isWaiting(third), 'its account has two under way');
    first.release();
    (await third).release();
  });

  test('few wait, the next is told to come back; who goes away makes room', async () => {
    const one = room();
    await Promise.all([one.enter('viewer'), one.enter('viewer')]);
    const gone = new AbortController();
    const waiting = one.enter('viewer', gone.signal);
    const second = one.enter('viewer');
    await assert.rejects(one.enter('viewer'), isFault('too-busy', { retryable: true }));
    gone.abort();
    await assert.rejects(waiting, isFault('upload-broken-off'));
    assert.ok(await isWaiting(one.enter('viewer')));
    assert.ok(await isWaiting(second));
  });

  test('bytes of all together, and the room that the disk keeps, are reserved before they are written', async () => {
    const one = room();
    const places = await Promise.all(['a', 'b', 'c'].map((user) => one.enter(user)));
    await places[0]!.reserve(600);
    await assert.rejects(places[1]!.reserve(600), isFault('too-busy'));
    places[0]!.release();
    places[0]!.release();
    await places[1]!.reserve(600);
    const small = room(500);
    const [first, second] = (await Promise.all(['a', 'b'].map((user) => small.enter(user)))) as [UploadPlace, UploadPlace];
    const asked = await Promise.allSettled([first.reserve(300), second.reserve(300)]);
    assert.ok(
      asked.some(({ status }) => status === 'rejected'),
      'two at once do not both take what is there for one',
    );
    await assert.rejects(second.reserve(450), isFault('disk-full'));
  });

  test('nothing is read and nothing written of an upload without room; one that hides its length is stopped on its way', async () => {
    const directory = temporaryDirectory('room');
    const full = () => Promise.reject(noRoom());
    const unread = new Readable({
      read() {
        this.destroy(new Error('it was read'));
      },
    });
    await assert.rejects(receiveUpload(unread, { directory, maxBytes: 1e9, declaredBytes: 1000, reserve: full }), /no room/);
    let asked = 0;
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(2 ** 20);
      })(),
    );
    await assert.rejects(
      receiveUpload(endless, { directory, maxBytes: 1e9, reserve: async () => (++asked > 2 ? full() : undefined) }),
      /no room/,
    );
    assert.deepEqual(readdirSync(directory), []);
    assert.equal(asked, 3);
  });
});

describe('M12: an archive of many entries that each pass for harmless', () => {
  const unpack = async (entries: number, bytes: number, reserve?: (n: number) => Promise<void>) => {
    const folder = temporaryDirectory('many');
    const content = Buffer.alloc(bytes);
    writeFileSync(join(folder, 'a.zip'), zipOf(Array.from({ length: entries }, (_, n) => ({ name: `${n}.dcm`, content }))));
    return unpackZip(join(folder, 'a.zip'), join(folder, 'out'), undefined, reserve ? { reserve } : {});
  };
  test('is a bomb all the same: 100 of 4 MB in 400 KB', async () => {
    await assert.rejects(unpack(100, 4 << 20), isFault('upload-refused', { detail: /ZIP bomb/ }));
  });
  test('a few such files are none', async () => {
    assert.equal((await unpack(6, 4 << 20)).length, 6);
  });
  test('room is asked for before it is written', async () => {
    const asked: number[] = [];
    await unpack(6, 4 << 20, async (bytes) => void asked.push(bytes));
    assert.ok(asked.reduce((sum, one) => sum + one, 0) >= 24 << 20);
    await assert.rejects(
      unpack(6, 4 << 20, () => Promise.reject(noRoom())),
      /no room/,
    );
  });
});

describe('D11: of a file only the header is read', () => {
  const sample = sampleStudies()[0]!.files[0]!;

  test('the header of a file is the header of the whole, wherever it is cut', async () => {
    const folder = mkdtempSync(join(temporaryDirectory('header'), 'x-'));
    writeFileSync(join(folder, 'whole'), sample);
    const whole = readPart10(sample, { untilPixelData: true });
    assert.deepEqual(await readHeader(join(folder, 'whole')), whole.dataSet);
    // Elements that end just where the first part of the file ends, and before and behind it.
    const file = readPart10(sample);
    const at = lengthOf(file);
    for (let shift = -400; shift <= 40; shift += 2) {
      for (const base of shift % 100 === 0 ? [2 ** 18, 2 ** 22] : [2 ** 18]) {
        const long = padded(file, base - at + shift);
        writeFileSync(join(folder, 'long'), long);
        const header = await readHeader(join(folder, 'long'));
        assert.equal(header['Rows'], whole.dataSet['Rows'], `${base} ${shift}`);
        assert.equal(header['BitsStored'], whole.dataSet['BitsStored'], `${base} ${shift}`);
      }
    }
  });

  test('half a gigabyte of pixels takes no memory', async () => {
    const path = join(temporaryDirectory('sparse'), 'large.dcm');
    writeFileSync(path, sample);
    const file = openSync(path, 'r+');
    closeSync(file);
    truncateSync(path, 512 * 2 ** 20);
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().arrayBuffers - before)), 1);
    for (let n = 0; n < 20; n++) assert.ok((await readHeader(path))['Rows']);
    clearInterval(watch);
    assert.ok(most < 100 * 2 ** 20, `${Math.round(most / 2 ** 20)} MB`);
  });

  test('what is no DICOM file is a fault', async () => {
    const path = join(temporaryDirectory('none'), 'x');
    writeFileSync(path, Buffer.alloc(2 ** 23, 'x'));
    await assert.rejects(readHeader(path), isFault('dicom-unreadable'));
  });
});

type Part10 = ReturnType<typeof readPart10>;

/** The same file with so many bytes of a private attribute before the group of Rows. */
function padded({ dataSet, pixelData }: Part10, count: number): Uint8Array {
  assert.ok(pixelData?.kind === 'native');
  return writePart10({ ...dataSet, '00091001': new Uint8Array(count), PixelData: pixelData.bytes });
}

/** Up to the pixels, without padding. */
function lengthOf(file: Part10): number {
  assert.ok(file.pixelData?.kind === 'native');
  return padded(file, 0).length - file.pixelData.bytes.length;
}

function noRoom(): Fault {
  return new Fault('disk-full', 'no room');
}

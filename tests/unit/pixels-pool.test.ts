import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { projectRoot } from '../../src/config.js';
import { readPart10, writePart10 } from '../../src/dicom/part10.js';
import { Fault } from '../../src/errors.js';
import { countedCodeRangeMb } from '../../src/lib/code-range.js';
import { DecoderPool, toStored, type DecoderPoolOptions } from '../../src/pixels/decoder-pool/decoder-pool.js';
import { resizeBilinear } from '../../src/pixels/resize.js';
import { presentXray } from '../../src/pixels/xray/xray.js';
import { eventually } from '../support/eventually.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { isRunning } from '../support/processes.js';
import { slowness } from '../support/machine-speed.js';

const folder = join(projectRoot, 'tests/fixtures/pixels/synthetic');
const names = [
  'explicit-16-12-11-u',
  'rle-16-12-u',
  'dcmcjpls-12-u',
  'j2k-16-12-u',
  'jpeg-lossless-sv1-12-u',
  'jpeg-baseline-8-u',
  'htj2k-16-12-u',
];
let pool: DecoderPool;
before(() => {
  pool = new DecoderPool({ workers: 2 });
});
after(() => pool.stop());

test('pictures come back as presentXray makes them, many at once', async () => {
  const pictures = await Promise.all(names.map((name) => pool.xray(readFileSync(join(folder, `${name}.dcm`)))));
  for (const [i, name] of names.entries()) {
    assert.deepEqual(pictures[i]!.image, (await presentXray(readPart10(readFileSync(join(folder, `${name}.dcm`))))).image);
  }
});

test('a scaled picture leads back to stored pixels', async () => {
  const bytes = readFileSync(join(folder, 'explicit-16-12-11-u.dcm'));
  const { image, geometry } = await pool.xray(bytes, { width: 16, height: 16 });
  const whole = await presentXray(readPart10(bytes));
  assert.deepEqual(image, resizeBilinear(whole.image, 16, 16));
  assert.deepEqual(
    toStored(geometry, { left: 0, top: 0, right: 16, bottom: 16 }),
    whole.toStored({ left: 0, top: 0, right: whole.image.width, bottom: whole.image.height }),
  );
});

test('faults keep their code and subject; the bytes given stay usable', async () => {
  const bytes = readFileSync(join(folder, 'j2k-16-12-u.dcm'));
  await assert.rejects(
    pool.xray(bytes.subarray(0, 400)),
    (thrown: unknown) => thrown instanceof Fault && thrown.code === 'dicom-unreadable',
  );
  await pool.xray(bytes);
  assert.ok(readPart10(bytes).pixelData);
});

/** A decoder that does `source` to a file that begins with 1, and answers 0.5 for others. */
function fragilePool(source: string, options: DecoderPoolOptions = {}): DecoderPool {
  const program = join(temporaryDirectory('decoder'), 'fragile.mjs');
  writeFileSync(
    program,
    `import { serveDecoder } from '${new URL('../../src/pixels/decoder-pool/serve-decoder.js', import.meta.url).href}';
    await serveDecoder(async (task, file) => { if (file[0] === 1) { ${source} } return 0.5; });`,
  );
  return new DecoderPool({
    workers: 1,
    timeoutMs: 3_000,
    heapMb: 48,
    memoryMb: 512,
    lastAttemptMs: 300,
    program: pathToFileURL(program),
    ...options,
  });
}

for (const [name, source, code] of [
  ['hangs', 'for (;;);', 'timed-out'],
  ['throws outside', "setImmediate(() => { throw new Error('broken'); }); await new Promise(() => undefined);", 'pixels-unreadable'],
  ['exits', 'process.exit(3);', 'pixels-unreadable'],
  ['crashes as native code does', "process.kill(process.pid, 'SIGSEGV'); for (;;);", 'pixels-unreadable'],
  ['aborts', 'process.abort();', 'pixels-unreadable'],
  ['eats the heap', 'const all = []; for (;;) all.push(new Array(1e5).fill(all.length + 0.5));', 'pixels-unreadable'],
  ['eats memory outside the heap', 'const all = []; for (;;) all.push(Buffer.alloc(5e6, 1));', 'pixels-unreadable'],
  ['answers nonsense', "(await import('node:fs')).writeSync(3, Buffer.alloc(1000, 255)); for (;;);", 'pixels-unreadable'],
] as const) {
  test(`a decoder that ${name} is replaced and its file fails for good; other files are decoded`, async () => {
    const fragile = fragilePool(source);
    const bad = fragile.lungFraction(Uint8Array.of(1));
    const good = fragile.lungFraction(Uint8Array.of(2));
    await assert.rejects(bad, (thrown: unknown) => {
      assert.ok(thrown instanceof Fault, String(thrown));
      assert.equal(thrown.code, code);
      assert.equal(thrown.retryable, false);
      return true;
    });
    assert.equal(await good, 0.5);
    await fragile.stop();
  });
}

test('a decoder killed in the middle of a file from outside costs nothing: the file is decoded again', async () => {
  const bytes = readFileSync(join(folder, 'j2k-16-12-u.dcm'));
  const victims = new DecoderPool({ workers: 2 });
  const pictures = Array.from({ length: 8 }, () => victims.xray(bytes));
  for (const pid of victims.pids) process.kill(pid, 'SIGSEGV');
  for (const { image } of await Promise.all(pictures)) assert.deepEqual(image, (await presentXray(readPart10(bytes))).image);
  await victims.stop();
});

test('D18: a file whose decoders are killed from outside, as by a machine without memory, can be decoded later', async () => {
  // exec, so that the killer is no part of the process: as the kernel does it
  const fragile = fragilePool(
    "(await import('node:child_process')).spawn('/bin/kill', ['-KILL', String(process.pid)]); await new Promise(() => undefined);",
  );
  const good = fragile.lungFraction(Uint8Array.of(2));
  await assert.rejects(
    fragile.lungFraction(Uint8Array.of(1)),
    (thrown) => thrown instanceof Fault && thrown.code === 'decoder-killed' && thrown.retryable,
  );
  assert.equal(await good, 0.5);
  assert.equal(await fragile.lungFraction(Uint8Array.of(2)), 0.5);
  await fragile.stop();
});

test('D18: one kill from outside and one death of its own do not make a file unreadable', async () => {
  const marks = temporaryDirectory('kills');
  const fragile = fragilePool(`const { existsSync, writeFileSync } = await import('node:fs');
    for (const signal of ['SIGKILL', 'SIGSEGV']) if (!existsSync('${marks}/' + signal)) { writeFileSync('${marks}/' + signal, ''); process.kill(process.pid, signal); for (;;); }`);
  assert.equal(await fragile.lungFraction(Uint8Array.of(1)), 0.5);
  await fragile.stop();
});

test('a machine that ends decoders for a while makes no file unreadable: the last attempt waits, and other files do not', async () => {
  const marks = temporaryDirectory('trouble');
  const fragile = fragilePool(
    `const { writeFileSync, readdirSync } = await import('node:fs');
    const begun = readdirSync('${marks}').length;
    if (begun < 2) { writeFileSync('${marks}/' + begun, ''); process.kill(process.pid, 'SIGSEGV'); for (;;); }`,
    { lastAttemptMs: 3_000 },
  );
  const order: string[] = [];
  const troubled = fragile.lungFraction(Uint8Array.of(1)).then((answer) => (order.push('troubled'), answer));
  while (readdirSync(marks).length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
  await fragile.lungFraction(Uint8Array.of(2)).then(() => order.push('other'));
  assert.equal(await troubled, 0.5);
  assert.deepEqual(order, ['other', 'troubled']);
  await fragile.stop();
});

test('stopping rejects a file that waits for its last attempt, and so does a sender that goes away', async () => {
  const fragile = fragilePool("process.kill(process.pid, 'SIGSEGV'); for (;;);", { lastAttemptMs: 600_000 });
  const waits = fragile.lungFraction(Uint8Array.of(1));
  const sender = new AbortController();
  const left = fragile.displayFrame(Uint8Array.of(1), { windows: [] }, 1, sender.signal);
  const refused = Promise.all(
    [waits, left].map((one) => assert.rejects(one, (thrown) => thrown instanceof Fault && thrown.code === 'timed-out' && thrown.retryable)),
  );
  // With one process, another file is decoded only once both wait.
  assert.equal(await fragile.lungFraction(Uint8Array.of(2)), 0.5);
  sender.abort();
  await fragile.stop();
  await refused;
});

test('whatever V8 reserves for machine code, as much memory is left for pixels', async () => {
  // on every release of Node: 128 MB fit into 256 MB, 320 do not
  const program = (megabytes: number): string =>
    `const all = []; for (let i = 0; i < ${megabytes}; i += 4) all.push(Buffer.alloc(4e6, 1)); return all.length;`;
  const roomy = fragilePool(program(128), { memoryMb: 256 });
  assert.equal(await roomy.lungFraction(Uint8Array.of(1)), 32);
  await roomy.stop();
  const tight = fragilePool(program(320), { memoryMb: 256 });
  await assert.rejects(tight.lungFraction(Uint8Array.of(1)), (thrown) => thrown instanceof Fault && thrown.code === 'pixels-unreadable');
  await tight.stop();
});

test('the room that V8 reserves is found in what the kernel says', () => {
  assert.equal(countedCodeRangeMb('7f0000000000-7f001fe00000 ---p 00000000 00:00 0\n7f1000000000-7f1000100000 rwxp 00000000 00:00 0\n'), 0);
  assert.equal(countedCodeRangeMb('7f0000000000-7f001fe00000 rwxp 00000000 00:00 0\n'), 510 + 2 + 16);
  assert.equal(countedCodeRangeMb(''), 0);
});

test('a decoder knows nothing of the environment of the service, and leaves no core file', async () => {
  const program = (what: string): string => `const { readFileSync } = await import('node:fs'); return ${what};`;
  const limits = fragilePool(program("Number(/Max core file size +(\\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))[1])"));
  assert.equal(await limits.lungFraction(Uint8Array.of(1)), 0);
  await limits.stop();
  process.env['PLANTED_SECRET'] = 'secret';
  const environment = fragilePool(program("readFileSync('/proc/self/environ', 'utf8').includes('PLANTED') ? 1 : 0"));
  assert.equal(await environment.lungFraction(Uint8Array.of(1)), 0);
  await environment.stop();
});

test('a large file is sent once, however many of its frames are asked for', async () => {
  const counting = fragilePool('', { memoryMb: 1_024 });
  const large = new Uint8Array(200e6);
  large[0] = 2;
  await counting.lungFraction(large, 1);
  const [pid] = counting.pids;
  const before = bytesRead(pid!);
  for (let frame = 2; frame <= 5; frame++) assert.equal(await counting.lungFraction(large, frame), 0.5);
  assert.ok(bytesRead(pid!) - before < 1e6, `${bytesRead(pid!) - before} bytes were sent again`);
  await counting.stop();
});

test('decoders end when they have been idle, and one stays ready', async () => {
  // longer than the first may have to wait for the start of the last
  const idle = fragilePool('', { workers: 3, idleMs: 2_000 });
  await Promise.all([1, 2, 3].map(() => idle.lungFraction(Uint8Array.of(2))));
  assert.equal(idle.pids.length, 3);
  await eventually('one decoder is left', () => assert.equal(idle.pids.length, 1));
  assert.equal(await idle.lungFraction(Uint8Array.of(2)), 0.5);
  await idle.stop();
});

test('no decoder outlives a service that is killed, not even one that hangs', async () => {
  const program = join(temporaryDirectory('decoder'), 'hangs.mjs');
  const source = new URL('../../src/pixels/decoder-pool/', import.meta.url).href;
  writeFileSync(
    program,
    `import { serveDecoder } from '${source}serve-decoder.js'; await serveDecoder(async (task, file) => { if (file[0] === 1) for (;;); return 0.5; });`,
  );
  const service = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `
    import { DecoderPool } from '${source}decoder-pool.js';
    const pool = new DecoderPool({ workers: 2, program: new URL('${pathToFileURL(program).href}') });
    void pool.lungFraction(Uint8Array.of(1));
    await pool.lungFraction(Uint8Array.of(2));
    console.log(JSON.stringify(pool.pids));
    setInterval(() => undefined, 1000);`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = (await once(service.stdout, 'data')) as [Buffer];
  const pids = JSON.parse(line.toString()) as number[];
  assert.equal(pids.length, 2);
  assert.ok(pids.every(isRunning));
  service.kill('SIGKILL');
  await eventually('the decoders are gone', () => assert.deepEqual(pids.filter(isRunning), []));
});

test('stopping rejects what is left, and can be followed by a start', async () => {
  const short = new DecoderPool({ workers: 1 });
  const left = Promise.allSettled([1, 2, 3].map(() => short.xray(readFileSync(join(folder, 'j2k-16-12-u.dcm')))));
  await short.stop();
  assert.ok((await left).every((one) => one.status === 'rejected' && (one.reason as Fault).retryable));
  await assert.rejects(short.xray(new Uint8Array(1)));
  short.start();
  await short.xray(readFileSync(join(folder, 'j2k-16-12-u.dcm')));
  await short.stop();
});

test('the event loop goes on while five megapixels are decoded', async () => {
  const samples = Uint16Array.from({ length: 2500 * 2048 }, (_, i) => (i * 7919) % 4096);
  const bytes = writePart10({
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.1',
    SOPInstanceUID: '2.25.5',
    Rows: 2500,
    Columns: 2048,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    BitsAllocated: 16,
    BitsStored: 12,
    HighBit: 11,
    PixelRepresentation: 0,
    PixelData: new Uint8Array(samples.buffer),
  });
  await pool.xray(bytes, { width: 192, height: 192 });
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 5);
  const start = performance.now();
  for (let i = 0; i < 3; i++) await pool.xray(bytes, { width: 192, height: 192 });
  const taken = performance.now() - start;
  clearInterval(ticking);
  // Decoded on the main thread, three pictures would leave room for two or three ticks. The delay itself: npm run bench -- pixels.
  assert.ok(ticks >= Math.max(4, taken / (100 * slowness())), `${ticks} ticks of 5 ms in ${taken} ms`);
});

/** By read(2) and its like, sockets included. */
function bytesRead(pid: number): number {
  return Number(/rchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))![1]);
}

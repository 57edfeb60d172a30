import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { parseCells } from '../../src/dataset/csv-cells.js';
import { unpackLimits, unpackZip } from '../../src/uploads/unpack-zip.js';
import type { AnalyzedFinding, UploadAnalysisResult } from '../../src/server/page-types.js';
import { distinctPaths, filesOfInput } from '../../src/web/views/analyze/chosen-files.js';
import { groupSlices } from '../../src/web/views/analyze/group-slices.js';
import { findingColumns, rowsOf, sortedRows, summaryCsv, summaryJson } from '../../src/web/views/analyze/summary-rows.js';
import type { QueuedUpload } from '../../src/web/views/analyze/upload-queue.js';
import { UploadQueue, type UploadQueueParts } from '../../src/web/views/analyze/upload-queue.js';
import { eventually } from '../support/eventually.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { smallSamples } from '../support/small-samples.js';

const finding = (name: string, probability: number): AnalyzedFinding => ({
  name,
  meaning: name.toUpperCase(),
  wording: '',
  probability,
  decision: probability >= 0.5 ? 'present' : 'absent',
  absentBelow: 0.3,
  presentFrom: 0.5,
});
const analysis = (findings: readonly AnalyzedFinding[]): UploadAnalysisResult => ({
  notice: '',
  model: { name: 'm', version: 'v' },
  engine: 'e',
  images: [{ title: 't', kind: 'xray', outcome: 'reported', findings, remarks: [] }],
  milliseconds: 1,
});
const upload = (id: number, path: string, state: QueuedUpload['state']): QueuedUpload => ({
  id,
  path,
  file: new File([], path),
  model: '',
  state,
});
const analyzed = (id: number, path: string, findings: readonly AnalyzedFinding[]): QueuedUpload =>
  upload(id, path, { kind: 'analyzed', analysis: analysis(findings), withPictures: false });

test('usability 17: a name that is given twice is told apart by its path, the same path by a number', () => {
  assert.deepEqual(distinctPaths(['a/1.dcm', 'b/1.dcm', 'a/1.dcm'], new Set(['b/1.dcm', 'a/1.dcm (2)'])), [
    'a/1.dcm',
    'b/1.dcm (2)',
    'a/1.dcm (3)',
  ]);
  const inFolder = (path: string): File =>
    Object.defineProperty(new File([], path.split('/').at(-1)!), 'webkitRelativePath', { value: path });
  assert.deepEqual(
    filesOfInput([inFolder('d/1.dcm'), inFolder('d/.x'), inFolder('d/DICOMDIR'), inFolder('')]).map(({ path }) => path),
    ['d/1.dcm', ''],
  );
});

test('usability 17: rows sort by every column, rows without a value last in both directions; CSV and JSON have the same figures', () => {
  const rows = [
    analyzed(1, 'slice 10', [finding('pneumonia', 0.2), finding('nodule', 0.9)]),
    analyzed(2, 'slice 2, "left"', [finding('pneumonia', 0.8)]),
    upload(3, 'letter', { kind: 'refused', error: 'no image', again: false }),
  ].flatMap((one) => rowsOf(one, String));
  const order = (column: Parameters<typeof sortedRows>[1]['column'], descending: boolean): readonly number[] =>
    sortedRows(rows, { column, descending }).map((row) => row.upload.id);
  assert.deepEqual(order('path', false), [3, 2, 1]);
  assert.deepEqual(order('finding pneumonia', true), [2, 1, 3]);
  assert.deepEqual(order('finding pneumonia', false), [1, 2, 3]);
  assert.deepEqual(order('finding nodule', false), [1, 2, 3]);
  assert.deepEqual(order('top', false), [1, 2, 3], 'NODULE, PNEUMONIA, none');
  assert.deepEqual(order('reason', true), [3, 1, 2]);
  assert.deepEqual([...findingColumns(rows).keys()], ['pneumonia', 'nodule']);
  const [header, ...lines] = parseCells(summaryCsv(rows), 'summary').map(({ cells }) => cells);
  assert.deepEqual(lines[1], ['slice 2, "left"', 'reported', '', '0.800000', 'present', '', '', 'e', 'v']);
  assert.equal(lines[2]![header!.indexOf('reason')], 'no image');
  assert.deepEqual(
    (JSON.parse(summaryJson(rows)) as { file: string; findings: { probability: number }[] }[]).map(({ file, findings }) => [
      file,
      findings.length,
    ]),
    [
      ['slice 10', 2],
      ['slice 2, "left"', 1],
      ['letter', 0],
    ],
  );
});

test('usability 17: CT slices of a folder become one ZIP that the service and unzip read; other files stay', async () => {
  const { ct, opacity } = smallSamples();
  const file = (bytes: Uint8Array, path: string) => ({ file: new File([Buffer.from(bytes)], path.split('/').at(-1)!), path });
  const given = [
    file(opacity.files[0]!, 'd/x.dcm'),
    ...ct.files.map((bytes, index) => file(bytes, `d/ct/${index}.dcm`)),
    file(Buffer.from('hello'), 'd/readme'),
  ];
  const grouped = await groupSlices(given, 2 ** 29);
  assert.deepEqual(
    grouped.map(({ path }) => path),
    ['d/x.dcm', 'd/readme', `d/ct (${ct.files.length} × CT)`],
  );
  const folder = temporaryDirectory('zip');
  const path = join(folder, 'slices.zip');
  writeFileSync(path, Buffer.from(await grouped[2]!.file.arrayBuffer()));
  const unpacked = await unpackZip(path, join(folder, 'out'), unpackLimits, {});
  assert.deepEqual(
    unpacked.map((one) => crc32(readFileSync(one.path))),
    ct.files.map((bytes) => crc32(bytes)),
  );
  // The checksum of the first member, as its local header states it (APPNOTE 4.3.7).
  assert.equal(readFileSync(path).readUInt32LE(14), crc32(ct.files[0]!));
  assert.equal((await groupSlices(given, 10)).length, given.length, 'a study that is too large is sent as single files');
});

test('usability 17: three files at a time; cancelled ones are not sent; an outage of the service sends them again', async () => {
  const pending: { path: string; done: (result: UploadAnalysisResult) => void; fail: (error: unknown) => void; signal: AbortSignal }[] = [];
  let reachable: (() => void) | undefined;
  const parts: UploadQueueParts = {
    send: ({ file }, _progress, signal) =>
      new Promise((done, fail) => {
        signal.addEventListener('abort', () => fail(new Error('aborted')));
        pending.push({ path: file.name, done, fail, signal });
      }),
    isInterruption: (error) => error === 'outage',
    untilReachable: () => new Promise((resolve) => void (reachable = resolve)),
  };
  const queue = new UploadQueue(parts);
  queue.add(
    Array.from({ length: 30 }, (_, index) => ({ file: new File([], `${index}`), path: `${index}` })),
    '',
  );
  assert.deepEqual(
    pending.map(({ path }) => path),
    ['0', '1', '2'],
  );
  pending[0]!.done(analysis([finding('pneumonia', 0.9)]));
  await eventually('the next one', async () => assert.equal(pending.length, 4));
  pending[1]!.fail('outage');
  await eventually('a wait for the service', async () => assert.ok(reachable));
  pending[2]!.done(analysis([]));
  await eventually('drawn', async () => assert.equal(queue.uploads().filter(({ state }) => state.kind === 'analyzed').length, 2));
  assert.equal(pending.length, 4, 'nothing is sent while the service does not reply');
  reachable!();
  await eventually('sent again', async () => assert.ok(pending.slice(4).some(({ path }) => path === '1')));
  const sent = pending.length;
  queue.cancelAll();
  assert.ok(pending.slice(3).every(({ signal }) => signal.aborted));
  await eventually('all cancelled', async () => assert.equal(queue.uploads().filter(({ state }) => state.kind === 'cancelled').length, 28));
  assert.equal(pending.length, sent);
  queue.close();
});

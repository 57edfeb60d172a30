import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { projectRoot } from '../../src/config.js';
import { readPart10 } from '../../src/dicom/part10.js';
import { transferSyntaxName } from '../../src/dicom/transfer-syntax.js';
import { Fault } from '../../src/errors.js';
import { decodeFrames } from '../../src/pixels/decode/decode.js';
import type { StoredFrames } from '../../src/pixels/decode/stored-frames.js';

/** Made by tests/oracles/pixels/make_matrix.py: every format in every syntax that pydicom, DCMTK and GDCM write. */
interface Case {
  readonly name: string;
  readonly source: string;
  readonly writer: string;
  readonly offset: number;
  readonly length: number;
  readonly lossy: boolean;
  /** Absent where pydicom and DCMTK disagree on what the file holds. */
  readonly frames?: number;
  readonly pydicom: string;
  readonly dcmtk: string;
  /** Of all frames as little endian 32-bit integers. */
  readonly sha256?: string;
  /** Lossy: 16-bit integers of all frames, base64. */
  readonly values?: string;
}

const folder = join(projectRoot, 'tests/fixtures/pixels');
const { cases, refused } = JSON.parse(readFileSync(join(folder, 'matrix.json'), 'utf8')) as {
  readonly cases: readonly Case[];
  readonly refused: Readonly<Record<string, readonly string[]>>;
};
const files = new Uint8Array(gunzipSync(readFileSync(join(folder, 'matrix.bin.gz'))));
const rows: { readonly syntax: string; readonly one: Case; readonly format: string; readonly outcome: string }[] = [];

for (const source of [...new Set(cases.map((one) => one.source))]) {
  const group = cases.filter((one) => one.source === source);
  test(`${source} from ${group.length} writers decodes to the reference values`, async () => {
    const wrong: string[] = [];
    for (const one of group) {
      const file = readPart10(files.slice(one.offset, one.offset + one.length));
      const outcome = await decodeFrames(file).then(
        (stored) => compare(one, stored),
        (thrown: unknown) =>
          thrown instanceof Fault
            ? `${one.pydicom === 'cannot' && one.dcmtk === 'cannot' ? 'refused, as by both' : 'refused'}: ${thrown.detail}`
            : `bug: ${String(thrown)}`,
      );
      const { BitsAllocated, BitsStored, HighBit, PixelRepresentation, PhotometricInterpretation, PlanarConfiguration, NumberOfFrames } =
        file.dataSet;
      const format = `${String(BitsStored)}/${String(BitsAllocated)}, high bit ${String(HighBit)}${PixelRepresentation === 1 ? ', signed' : ''}, ${String(PhotometricInterpretation)}${PlanarConfiguration === 1 ? ', by plane' : ''}${NumberOfFrames ? `, ${String(NumberOfFrames)} frames` : ''}`;
      rows.push({ syntax: transferSyntaxName(file.transferSyntaxUID), one, format, outcome });
      if (!/^(equal|within|read;|refused, as)/.test(outcome))
        wrong.push(`${one.name}: ${outcome} (pydicom ${one.pydicom}, DCMTK ${one.dcmtk})`);
    }
    assert.deepEqual(wrong, []);
  });
}

function compare(one: Case, { frames }: StoredFrames): string {
  if (one.frames === undefined) return 'read; the peers disagree';
  if (frames.length !== one.frames) return `${frames.length} frames where ${one.frames} are expected`;
  const values = frames.flatMap(({ samples }) => [...samples]);
  if (one.sha256)
    return createHash('sha256')
      .update(new Uint8Array(Int32Array.from(values).buffer))
      .digest('hex') === one.sha256
      ? 'equal'
      : 'differs';
  const bytes = Buffer.from(one.values!, 'base64');
  if (values.length * 2 !== bytes.length) return `${values.length} values where ${bytes.length / 2} are expected`;
  const mean = values.reduce((sum, value, i) => sum + Math.abs(((value << 16) >> 16) - bytes.readInt16LE(2 * i)), 0) / values.length;
  return mean === 0 ? 'equal' : `${mean <= 1 ? 'within' : 'off by'} ${mean.toFixed(2)}`;
}

after(() => {
  if (rows.length === cases.length) writeTable();
});

function writeTable(): void {
  const syntaxes = [...new Set(rows.map(({ syntax }) => syntax))].sort();
  const summary = syntaxes.map((syntax) => {
    const group = rows.filter((row) => row.syntax === syntax);
    const count = (pattern: RegExp): number => group.filter(({ outcome }) => pattern.test(outcome)).length;
    return `| ${syntax} | ${group.length} | ${count(/^equal/)} | ${count(/^within/)} | ${count(/^(read|refused)/)} |`;
  });
  const ordered = [...rows].sort((a, b) => a.syntax.localeCompare(b.syntax) || a.one.name.localeCompare(b.one.name));
  const lines = ordered.map(
    ({ syntax, one, format, outcome }) =>
      `| ${syntax} | ${one.writer} | ${format}${one.source.endsWith('overlay') ? ', overlay bits' : ''} | ${outcome} | ${one.pydicom} | ${one.dcmtk} |`,
  );
  writeFileSync(
    join(projectRoot, 'docs/reference/transfer-syntaxes-matrix.md'),
    `# Every format in every transfer syntax

Written by \`tests/unit/pixels-matrix.test.ts\`: ${rows.length} small files that pydicom 3.0.2 with its plugins, DCMTK and GDCM wrote from the
same pixels, decoded here and by pydicom and DCMTK (\`tests/oracles/pixels/make_matrix.py\`). "within": lossy, mean difference in grey
levels. Where pydicom and DCMTK disagree on what a file holds (32 bits in big endian words), or cannot read it either (pydicom's
RLE of 8 bits in 16), nothing is compared. Real files: [transfer syntaxes](transfer-syntaxes.md).

| transfer syntax | files | equal to the last bit | within 1 grey level | not compared |
| --- | --- | --- | --- | --- |
${summary.join('\n')}

What a writer does not write:

| writer | formats refused by it |
| --- | --- |
${Object.entries(refused)
  .map(([writer, formats]) => `| ${writer} | ${formats.join(', ')} |`)
  .join('\n')}

| transfer syntax | written by | bits stored/allocated | here | pydicom | DCMTK |
| --- | --- | --- | --- | --- | --- |
${lines.join('\n')}
`,
  );
}

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { readPart10 } from '../../src/dicom/part10.js';
import { transferSyntaxName } from '../../src/dicom/transfer-syntax.js';
import { decodeFrames } from '../../src/pixels/decode/decode.js';
import type { Samples, StoredFrames } from '../../src/pixels/decode/stored-frames.js';

/** Made by tests/oracles/pixels/make_real.py from pydicom with its plugins. */
interface Case {
  readonly file: string;
  readonly transferSyntaxUID: string;
  readonly lossy: boolean;
  readonly format: string;
  /** First frames, at most three. */
  readonly sha256?: readonly string[];
  /** Means of 8 × 8 blocks. */
  readonly blocks?: readonly (readonly (number | null)[])[];
  /** What DCMTK makes of it beside pydicom. */
  readonly dcmtk?: string;
  /** Set where pydicom cannot decode the file and DCMTK can. */
  readonly reference?: 'DCMTK';
  /** Why pydicom cannot decode it. */
  readonly error?: string;
}

/** Differences that are ours to keep, each with its reason. */
const explained: Readonly<Record<string, string>> = {};

const folder = join(projectRoot, '../shared/data/dicom');
const present = existsSync(folder);
const cases = JSON.parse(readFileSync(join(projectRoot, 'tests/fixtures/pixels/real.json'), 'utf8')) as readonly Case[];
const rows: { file: string; syntax: string; format: string; outcome: string; dcmtk: string }[] = [];

for (const [syntax, group] of groupBy(cases, ({ transferSyntaxUID }) => transferSyntaxUID)) {
  test(`real files in ${transferSyntaxName(syntax)} decode as pydicom decodes them (${group.length})`, {
    skip: present ? false : `${folder} is not there`,
  }, async () => {
    const wrong: string[] = [];
    for (const one of group) {
      const outcome = await compare(one);
      rows.push({
        file: one.file,
        syntax: transferSyntaxName(syntax),
        format: one.format,
        outcome: explained[one.file] ? `${outcome}: ${explained[one.file]}` : outcome,
        dcmtk: one.reference ? 'pydicom cannot; compared with DCMTK' : (one.dcmtk ?? ''),
      });
      if (!/^(equal|within|refused, as|decoded)/.test(outcome) && !explained[one.file]) wrong.push(`${one.file}: ${outcome}`);
    }
    assert.deepEqual(wrong, []);
  });
}

after(() => {
  if (rows.length === cases.length) writeTable();
});

async function compare(one: Case): Promise<string> {
  let stored: StoredFrames;
  try {
    const file = readPart10(readFileSync(join(folder, one.file)));
    const count = one.sha256?.length ?? 1;
    stored = await decodeFrames(
      file,
      Array.from({ length: count }, (_, i) => i + 1),
    );
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message.replace(/ \[.*/, '') : String(thrown);
    return one.error ? `refused, as by pydicom (${reason})` : `failed: ${reason}`;
  }
  if (!one.sha256) return 'decoded; pydicom cannot';
  if (stored.frames.every(({ samples }, i) => hashOf(samples) === one.sha256![i])) return 'equal';
  if (!one.lossy) return 'differs';
  const { rows: height, columns, samplesPerPixel } = stored.format;
  const worst = Math.max(
    ...stored.frames.flatMap(({ samples }, i) =>
      blocksOf(samples, height, columns, samplesPerPixel).map((mean, k) => Math.abs(mean - (one.blocks![i]![k] ?? mean))),
    ),
  );
  return worst <= 1 ? `within ${worst.toFixed(1)} grey levels` : `off by ${worst.toFixed(1)} grey levels`;
}

function hashOf(samples: Samples): string {
  return createHash('sha256')
    .update(new Uint8Array(Int32Array.from(samples).buffer))
    .digest('hex');
}

/** As numpy.array_split divides: the first parts are one longer. */
function blocksOf(samples: Samples, height: number, width: number, channels: number): number[] {
  const edges = (length: number): number[] => Array.from({ length: 9 }, (_, i) => i * Math.floor(length / 8) + Math.min(i, length % 8));
  const [rowEdges, columnEdges] = [edges(height), edges(width)];
  return Array.from({ length: 64 }, (_, block) => {
    const [band, part] = [block >> 3, block & 7];
    let sum = 0;
    for (let y = rowEdges[band]!; y < rowEdges[band + 1]!; y++) {
      for (let i = (y * width + columnEdges[part]!) * channels; i < (y * width + columnEdges[part + 1]!) * channels; i++)
        sum += samples[i]!;
    }
    const size = (rowEdges[band + 1]! - rowEdges[band]!) * (columnEdges[part + 1]! - columnEdges[part]!) * channels;
    return size === 0 ? 0 : sum / size;
  });
}

function groupBy<Item>(items: readonly Item[], key: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

function writeTable(): void {
  const target = join(projectRoot, 'docs/reference/transfer-syntaxes.md');
  mkdirSync(join(projectRoot, 'docs/reference'), { recursive: true });
  const lines = rows
    .sort((a, b) => a.syntax.localeCompare(b.syntax) || a.file.localeCompare(b.file))
    .map((row) => `| ${row.syntax} | ${row.file.split('/').slice(-2).join('/')} | ${row.format} | ${row.outcome} | ${row.dcmtk} |`);
  const summary = [...groupBy(rows, ({ syntax }) => syntax)].map(([syntax, group]) => {
    const count = (pattern: RegExp): number => group.filter(({ outcome }) => pattern.test(outcome)).length;
    return `| ${syntax} | ${group.length} | ${count(/^equal/)} | ${count(/^within/)} | ${group.length - count(/^equal|^within/)} |`;
  });
  writeFileSync(
    target,
    `# Transfer syntaxes

Written by \`tests/unit/pixels-real.test.ts\`: the real files of \`../shared/data/dicom\` decoded here and by pydicom 3.0.2 with its
plugins (hash of the stored values of the first three frames). "within": lossy, largest difference between the means of 8 × 8 blocks.

| transfer syntax | files | equal to the last bit | within 1 grey level | other |
| --- | --- | --- | --- | --- |
${summary.join('\n')}

| transfer syntax | file | format | compared with pydicom | DCMTK and pydicom |
| --- | --- | --- | --- | --- |
${lines.join('\n')}
`,
  );
}

import { deflateRawSync } from 'node:zlib';
import { textSeeded, type Uniform } from '../../src/lib/seeded-random.js';
import { elementBytes, type WrittenElement, type WrittenEncoding } from './element-writer.js';
import { mutations, type Draft } from './header-mutations.js';

/** A radiograph of 24 × 24 pixels in some 200 ways of storing and showing it, and files whose headers say the same in unusual ways. */
export const side = 24;
export const variants = 200;
export const headerSeed = 'headers 1';

const uncompressed = {
  implicit: '1.2.840.10008.1.2',
  explicit: '1.2.840.10008.1.2.1',
  big: '1.2.840.10008.1.2.2',
  deflated: '1.2.840.10008.1.2.1.99',
} as const;

export const text = (tag: number, vr: string, value: string): WrittenElement => ({
  tag,
  vr,
  bytes: Buffer.from(value.length % 2 ? value + (vr === 'UI' ? '\0' : ' ') : value, 'latin1'),
});
export const words = (tag: number, vr: string, values: readonly number[]): WrittenElement => ({
  tag,
  vr,
  word: 2,
  bytes: Buffer.from(Uint16Array.from(values).buffer),
});

/** The clean twin. */
export function variantElements(variant: number): WrittenElement[] {
  const random = textSeeded(`${headerSeed}/variant/${variant}`);
  const pick = <One>(list: readonly One[]): One => list[Math.floor(random() * list.length)]!;
  const colour = random() < 0.12 ? pick(['RGB', 'YBR_FULL'] as const) : undefined;
  const bits = colour ? 8 : pick([8, 10, 12, 12, 12, 14]);
  const signed = !colour && bits > 8 && random() < 0.25;
  const allocated = bits > 8 ? 16 : 8;
  const low = signed ? -(2 ** (bits - 1)) : 0;
  const full = 2 ** bits - 1;
  const samples = colour ? 3 : 1;
  const values = Array.from(
    { length: side * side * samples },
    (_, i) => low + Math.round(shade(Math.floor(i / samples) % side, Math.floor(i / samples / side), i % samples, random) * full),
  );
  const elements: WrittenElement[] = [
    text(0x00080005, 'CS', 'ISO_IR 100'),
    text(0x00080008, 'CS', 'ORIGINAL\\PRIMARY'),
    text(0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.1'),
    text(0x00080018, 'UI', `2.25.7${variant}`),
    text(0x00080060, 'CS', 'CR'),
    {
      tag: 0x00082218,
      vr: 'SQ',
      items: [[text(0x00080100, 'SH', '816094009'), text(0x00080102, 'SH', 'SCT'), text(0x00080104, 'LO', 'Chest')]],
    },
    text(0x00100010, 'PN', 'PHANTOM^HEADERS'),
    text(0x00100020, 'LO', 'H1'),
    text(0x00180015, 'CS', 'CHEST'),
    text(0x00185101, 'CS', 'PA'),
    text(0x0020000d, 'UI', '2.25.8'),
    text(0x0020000e, 'UI', '2.25.9'),
    text(0x00200013, 'IS', '1'),
    text(0x00200020, 'CS', 'L\\F'),
    words(0x00280002, 'US', [samples]),
    text(0x00280004, 'CS', colour ?? pick(['MONOCHROME1', 'MONOCHROME2', 'MONOCHROME2'])),
    words(0x00280010, 'US', [side]),
    words(0x00280011, 'US', [side]),
    words(0x00280100, 'US', [allocated]),
    words(0x00280101, 'US', [bits]),
    words(0x00280102, 'US', [bits - 1]),
    words(0x00280103, 'US', [signed ? 1 : 0]),
    {
      tag: 0x7fe00010,
      vr: allocated > 8 ? 'OW' : 'OB',
      word: allocated > 8 ? 2 : 1,
      bytes: allocated > 8 ? Buffer.from(Uint16Array.from(values, (value) => value & full).buffer) : Buffer.from(Uint8Array.from(values)),
    },
  ];
  if (colour) return [...elements, words(0x00280006, 'US', [0])];
  let [first, last] = [low, low + full];
  if (random() < 0.4) {
    const [slope, intercept] = pick([
      [1, -1024],
      [2, 0],
      [0.5, 10.25],
      [1, 0],
      [-1, 100],
    ] as const);
    elements.push(text(0x00281052, 'DS', String(intercept)), text(0x00281053, 'DS', String(slope)));
    [first, last] = [Math.min(first * slope, last * slope) + intercept, Math.max(first * slope, last * slope) + intercept];
  }
  const shown = random();
  if (shown < 0.5)
    elements.push(
      text(0x00281050, 'DS', (first + (last - first) * (0.4 + 0.2 * random())).toFixed(1)),
      text(0x00281051, 'DS', ((last - first) * (0.5 + 0.6 * random())).toFixed(1)),
    );
  else if (shown < 0.85 && bits <= 12)
    elements.push({
      tag: 0x00283010,
      vr: 'SQ',
      items: [tableItem(Math.floor(first), Math.ceil(last - first) + 1, pick([10, 12, 16]), random)],
    });
  if (random() < 0.2) elements.push(text(0x20500020, 'CS', pick(['IDENTITY', 'INVERSE'])));
  return elements;
}

/** Stripes and noise: no line is flat, and no corner is bright. */
function shade(x: number, y: number, sample: number, random: Uniform): number {
  const stripes = 0.5 + 0.3 * Math.sin(x * 0.9 + sample) * Math.cos(y * 0.7) + 0.1 * Math.sin(x * y);
  return Math.min(1, Math.max(0, stripes + 0.1 * (random() - 0.5)));
}

/** A VOI LUT item: a curve that rises from black to white. (Not of 8 bits: there pydicom 3.0.2 counts entries modulo 256.) */
function tableItem(first: number, count: number, bits: number, random: Uniform): WrittenElement[] {
  const power = 0.6 + random();
  const entries = Array.from({ length: count }, (_, i) => Math.round((i / (count - 1)) ** power * (2 ** bits - 1)));
  return [words(0x00283002, first < 0 ? 'SS' : 'US', [count, first & 0xffff, bits]), words(0x00283006, 'OW', entries)];
}

/** The file of a variant as it should be. */
export function cleanFile(variant: number): Uint8Array {
  return fileOf({
    elements: variantElements(variant),
    encoding: { explicit: true, littleEndian: true },
    syntax: uncompressed.explicit,
    meta: 'explicit',
    applied: [],
  });
}

export interface HeaderCase {
  readonly variant: number;
  readonly bytes: Uint8Array;
  /** What was done to the header. */
  readonly applied: readonly string[];
  /** A header that was damaged, not only unusual, may be refused. */
  readonly damaged: boolean;
}

/** The same index gives the same bytes for ever. */
export function headerCase(index: number, drafts: readonly (readonly WrittenElement[])[]): HeaderCase {
  const random = textSeeded(`${headerSeed}/${index}`);
  const variant = index % variants;
  const written = random();
  const kind = written < 0.6 ? 'explicit' : written < 0.85 ? 'implicit' : written < 0.95 ? 'big' : 'deflated';
  let draft: Draft = {
    elements: drafts[variant]!,
    encoding: { explicit: kind !== 'implicit', littleEndian: kind !== 'big' },
    syntax: uncompressed[kind],
    meta: 'explicit',
    applied: [kind],
  };
  const damaged = random() < 0.15;
  if (damaged) return damagedCase(variant, draft, random);
  for (let count = 1 + Math.floor(random() * 3); count > 0; count--)
    draft = mutations[Math.floor(random() * mutations.length)]!(draft, random);
  return { variant, bytes: fileOf(draft), applied: draft.applied, damaged };
}

/** A plain file of which one byte is another, so that pydicom can say what that means. */
function damagedCase(variant: number, draft: Draft, random: Uniform): HeaderCase {
  const bytes = fileOf(draft);
  const at = 132 + Math.floor(random() * Math.max(1, Math.min(1000, bytes.length - 132)));
  bytes[at] = random() < 0.5 ? bytes[at]! ^ (1 << Math.floor(random() * 8)) : Math.floor(random() * 256);
  return { variant, bytes, applied: [...draft.applied, `byte ${at}`], damaged: true };
}

function fileOf({ elements, encoding, syntax, meta }: Draft): Uint8Array {
  let body = elementBytes(elements, encoding);
  if (syntax === uncompressed.deflated) body = deflateRawSync(body);
  const metaEncoding: WrittenEncoding = { explicit: meta !== 'implicit', littleEndian: meta !== 'big' };
  const group = elementBytes(
    [
      text(0x00020002, 'UI', '1.2.840.10008.5.1.4.1.1.1'),
      text(0x00020003, 'UI', '2.25.7'),
      text(0x00020010, 'UI', syntax),
      text(0x00020012, 'UI', '2.25.3'),
    ],
    metaEncoding,
  );
  const length = elementBytes(
    [{ tag: 0x00020000, vr: 'UL', word: 4, bytes: Buffer.from(Uint32Array.of(meta === 'wrong length' ? 8 : group.length).buffer) }],
    metaEncoding,
  );
  if (meta === 'none') return new Uint8Array(body);
  return new Uint8Array(Buffer.concat([...(meta === 'no preamble' ? [] : [Buffer.alloc(128), Buffer.from('DICM')]), length, group, body]));
}

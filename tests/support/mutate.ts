import { textSeeded, type Uniform } from '../../src/lib/seeded-random.js';

/** One way to damage a file. Gets a copy of its own. */
type Mutation = (bytes: Uint8Array, random: Uniform) => Uint8Array;

const upTo = (random: Uniform, below: number): number => Math.floor(random() * below);

/** Numbers at which lengths, counts and sizes go wrong. */
const edges32 = [
  0, 1, 2, 3, 7, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x00ffffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
];
const edges16 = [0, 1, 7, 8, 15, 16, 17, 31, 32, 33, 0x7f, 0xff, 0x100, 0x7fff, 0x8000, 0xffff];
/** Rows, Columns, Samples per Pixel, Photometric Interpretation, Planar Configuration, Frames, bits, representation, window, rescale, LUTs, UIDs, Modality, character set. */
const tags = [
  0x00280010, 0x00280011, 0x00280002, 0x00280004, 0x00280006, 0x00280008, 0x00280100, 0x00280101, 0x00280102, 0x00280103, 0x00281050,
  0x00281051, 0x00281052, 0x00281053, 0x00283000, 0x00283010, 0x00020010, 0x0020000d, 0x00080018, 0x00080060, 0x00080005, 0x7fe00010,
  0xfffee000, 0xfffee0dd,
];

const mutations: readonly Mutation[] = [
  (bytes, random) => bytes.slice(0, upTo(random, bytes.length)),
  (bytes, random) => {
    for (let n = 1 + upTo(random, 8); n > 0; n--) bytes[upTo(random, bytes.length)] = upTo(random, 256);
    return bytes;
  },
  (bytes, random) => {
    const at = upTo(random, bytes.length);
    bytes[at] = bytes[at]! ^ (1 << upTo(random, 8));
    return bytes;
  },
  // Only in the header, where little decides much.
  (bytes, random) => {
    for (let n = 1 + upTo(random, 3); n > 0; n--) bytes[132 + upTo(random, Math.min(1200, bytes.length - 132))] = upTo(random, 256);
    return bytes;
  },
  (bytes, random) => writeNumber(bytes, upTo(random, Math.max(1, bytes.length - 4)), edges32[upTo(random, edges32.length)]!, 4),
  (bytes, random) => writeNumber(bytes, upTo(random, Math.max(1, bytes.length - 2)), edges16[upTo(random, edges16.length)]!, 2),
  // The length, or the value, of an attribute that matters.
  (bytes, random) => {
    const at = findTag(bytes, tags[upTo(random, tags.length)]!, random);
    return at === undefined
      ? bytes
      : writeNumber(bytes, at + [4, 6, 8, 12][upTo(random, 4)]!, edges32[upTo(random, edges32.length)]!, random() < 0.5 ? 2 : 4);
  },
  (bytes, random) => {
    const from = upTo(random, bytes.length);
    return concat(bytes.subarray(0, from), bytes.subarray(from + 1 + upTo(random, 64)));
  },
  (bytes, random) => {
    const from = upTo(random, bytes.length);
    const piece = bytes.slice(from, from + 1 + upTo(random, 400));
    const at = upTo(random, bytes.length);
    return concat(bytes.subarray(0, at), ...Array.from({ length: 1 + upTo(random, 6) }, () => piece), bytes.subarray(at));
  },
  (bytes, random) => bytes.copyWithin(upTo(random, bytes.length), upTo(random, bytes.length), upTo(random, bytes.length)),
  (bytes, random) => bytes.fill([0, 0xff, 0x5c, 0x20][upTo(random, 4)]!, upTo(random, bytes.length), upTo(random, bytes.length)),
  // A codestream that is not what the meta header says.
  (bytes, random) => {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 600)).toString('latin1');
    const at = text.indexOf('1.2.840.10008.1.2');
    const other = ['.4.50', '.4.51', '.4.57', '.4.70', '.4.80', '.4.90', '.5\0\0\0', '.1\0\0\0', '.2\0\0\0', '.99\0\0'][upTo(random, 10)]!;
    if (at > 0) bytes.set(Buffer.from(other, 'latin1'), at + 17);
    return bytes;
  },
];

/** Case `index` of a seed: which file, and what became of it. The same two numbers give the same bytes for ever. */
export function mutatedCase<File extends { readonly bytes: Uint8Array }>(
  files: readonly File[],
  seed: string,
  index: number,
): { readonly file: File; readonly bytes: Uint8Array; readonly random: Uniform } {
  const random = textSeeded(`${seed}/${index}`);
  const file = files[index % files.length]!;
  let bytes = file.bytes.slice();
  for (let n = random() < 0.7 ? 1 : 1 + upTo(random, 3); n > 0 && bytes.length > 200; n--)
    bytes = mutations[upTo(random, mutations.length)]!(bytes, random).slice();
  return { file, bytes, random };
}

function writeNumber(bytes: Uint8Array, at: number, value: number, size: 2 | 4): Uint8Array {
  for (let n = 0; n < size; n++) if (at + n < bytes.length) bytes[at + n] = (value >>> (8 * n)) & 0xff;
  return bytes;
}

/** One of the places where the tag stands, in little endian. */
function findTag(bytes: Uint8Array, tag: number, random: Uniform): number | undefined {
  const pattern = Buffer.from([(tag >>> 16) & 0xff, tag >>> 24, tag & 0xff, (tag >>> 8) & 0xff]);
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const places: number[] = [];
  for (let at = whole.indexOf(pattern); at >= 0 && places.length < 20; at = whole.indexOf(pattern, at + 1)) places.push(at);
  return places[upTo(random, places.length)];
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

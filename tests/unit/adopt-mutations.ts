import { mulberry32 } from '../../src/lib/seeded-random.js';

const hugeNumbers = ['1e309', '-1', '4294967295', '9007199254740993', 'null', '""', '[]', '{}', '1000000000'];
const texts = ['../../etc/passwd', '/dev/zero', 'Lambda', 'file:///etc/passwd', '__proto__', 'constructor', '\u0000', 'x'.repeat(5_000)];

/** A file with damage that follows from a seed: bytes, lengths, and, where it is JSON, values of it. */
export function mutated(content: Uint8Array, seed: number): Buffer {
  const random = mulberry32(seed * 7_919 + 13);
  const bytes = Buffer.from(content);
  const at = (): number => Math.floor(random() * bytes.length);
  if (bytes[0] === 0x7b && random() < 0.7) return mutatedJson(bytes.toString('utf8'), random);
  switch (Math.floor(random() * 8)) {
    case 0:
      for (let flips = 1 + Math.floor(random() * 4); flips > 0; flips--) bytes[at()]! ^= 1 << Math.floor(random() * 8);
      return bytes;
    case 1:
      return bytes.subarray(0, at());
    case 2: {
      const begin = at();
      return Buffer.concat([bytes.subarray(0, begin), bytes.subarray(begin + 1 + Math.floor(random() * 40))]);
    }
    case 3: {
      // a length of many bytes, near the beginning, where the structure is
      const begin = Math.floor(random() * Math.min(bytes.length, 400));
      bytes.fill(0xff, begin, Math.min(bytes.length, begin + 1 + Math.floor(random() * 9)));
      return bytes;
    }
    case 4: {
      const begin = at();
      return Buffer.concat([bytes.subarray(0, begin), bytes.subarray(begin, begin + 200), bytes.subarray(begin)]);
    }
    case 5:
      for (let writes = 8; writes > 0; writes--) bytes[Math.floor(random() * Math.min(bytes.length, 2_000))] = Math.floor(random() * 256);
      return bytes;
    case 6: {
      const begin = at();
      bytes.fill(0, begin, Math.min(bytes.length, begin + Math.floor(random() * 300)));
      return bytes;
    }
    default: {
      // the bits of NaN or infinity somewhere in the weights
      const begin = Math.max(0, bytes.length - 4 - 4 * Math.floor(random() * (bytes.length / 5)));
      if (bytes.length >= 4) bytes.writeUInt32LE(random() < 0.5 ? 0x7fc00000 : 0x7f800000, Math.min(begin, bytes.length - 4));
      return bytes;
    }
  }
}

/** One to three of its numbers and texts replaced, or one of its keys renamed. */
function mutatedJson(text: string, random: () => number): Buffer {
  let changed = text;
  for (let changes = 1 + Math.floor(random() * 3); changes > 0; changes--) {
    const places = [...changed.matchAll(/(?<=[[:,]\s*)(?:-?\d[\d.e+-]*|"(?:[^"\\]|\\.)*")|"(?:[^"\\]|\\.)*"(?=\s*:)/g)];
    const place = places[Math.floor(random() * places.length)];
    if (!place) break;
    const pick = <Value>(values: readonly Value[]): Value => values[Math.floor(random() * values.length)]!;
    const replacement = place[0].startsWith('"') ? JSON.stringify(pick(texts)) : pick(hugeNumbers);
    changed = changed.slice(0, place.index) + replacement + changed.slice(place.index + place[0].length);
  }
  return Buffer.from(changed);
}

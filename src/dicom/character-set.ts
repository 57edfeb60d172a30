/**
 * Text of the character sets of PS3.3 §C.12.1.1.2, with ISO 2022 code extensions (PS3.5 §6.1.2.5).
 * A set that is declared wrongly is common: nothing here throws, unknown bytes become U+FFFD.
 */
export type DecodeText = (bytes: Uint8Array) => string;

/** Encoding labels of the WHATWG standard; each covers ASCII in its lower half. */
const encodings: Readonly<Record<string, string>> = {
  'ISO_IR 100': 'iso-8859-1',
  'ISO_IR 101': 'iso-8859-2',
  'ISO_IR 109': 'iso-8859-3',
  'ISO_IR 110': 'iso-8859-4',
  'ISO_IR 144': 'iso-8859-5',
  'ISO_IR 127': 'iso-8859-6',
  'ISO_IR 126': 'iso-8859-7',
  'ISO_IR 138': 'iso-8859-8',
  'ISO_IR 148': 'iso-8859-9',
  'ISO_IR 203': 'iso-8859-15',
  'ISO_IR 166': 'windows-874',
  'ISO_IR 13': 'shift_jis',
  'ISO_IR 149': 'euc-kr',
  'ISO_IR 58': 'gbk',
  'ISO_IR 192': 'utf-8',
  GB18030: 'gb18030',
  GBK: 'gbk',
};

/** Escape sequences (after ESC) that put a single-byte or 94 × 94 set into G1. */
const intoG1: Readonly<Record<string, string>> = {
  '-A': 'iso-8859-1',
  '-B': 'iso-8859-2',
  '-C': 'iso-8859-3',
  '-D': 'iso-8859-4',
  '-L': 'iso-8859-5',
  '-G': 'iso-8859-6',
  '-F': 'iso-8859-7',
  '-H': 'iso-8859-8',
  '-M': 'iso-8859-9',
  '-b': 'iso-8859-15',
  '-T': 'windows-874',
  ')I': 'shift_jis',
  '$)C': 'euc-kr',
  '$)A': 'gbk',
};

/** … and those that put a set into G0; the two Japanese ones have two bytes a character in the lower half. */
const intoG0: Readonly<Record<string, 'ascii' | 'jisx0208' | 'jisx0212'>> = {
  '(B': 'ascii',
  '(J': 'ascii',
  $B: 'jisx0208',
  '$@': 'jisx0208',
  '$(D': 'jisx0212',
};

const withoutExtensions = new Set(['ISO_IR 192', 'GB18030', 'GBK']);
const escape = 0x1b;
/** TAB, LF, FF, CR and the delimiters \ ^ =: after them the initial character sets apply again (PS3.5 §6.1.2.5.3). */
const resetting = new Set([0x09, 0x0a, 0x0c, 0x0d, 0x5c, 0x5e, 0x3d]);
const decoders = new Map<string, TextDecoder>();
const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** @param declared values of Specific Character Set (0008,0005) */
export function textDecoderFor(declared: readonly string[]): DecodeText {
  const names = declared.map((name) =>
    name
      .trim()
      .toUpperCase()
      .replace(/^ISO[-_ ]2022[-_ ]IR[-_ ]/, 'ISO_IR ')
      .replace(/^ISO[-_ ]IR[-_ ]/, 'ISO_IR '),
  );
  const labels = names.map((name) => encodings[name]).filter((label) => label !== undefined);
  const first = names[0] ? encodings[names[0]] : undefined;
  const initial = first ?? (labels.length === 1 ? labels[0] : undefined);
  // A set of one value often stands for two ("ISO 2022 IR 149" alone): what switches is obeyed, except in GB18030, GBK and UTF-8,
  // where ESC is an ordinary byte (PS3.5 §6.1.2.5.4).
  if (names.some((name) => withoutExtensions.has(name))) return (bytes) => decode(initial, bytes);
  return (bytes) => (bytes.includes(escape) ? decodeExtended(bytes, initial) : decode(initial, bytes));
}

function decode(label: string | undefined, bytes: Uint8Array): string {
  if (label === undefined) return decodeUndeclared(bytes);
  let decoder = decoders.get(label);
  if (!decoder) decoders.set(label, (decoder = new TextDecoder(label)));
  return decoder.decode(bytes);
}

/** ASCII is all that may be there; beyond it, UTF-8 if it is well formed, otherwise Latin-1, as most software takes it. */
function decodeUndeclared(bytes: Uint8Array): string {
  if (!bytes.some((byte) => byte >= 0x80)) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return decode('iso-8859-1', bytes);
  }
}

function decodeExtended(bytes: Uint8Array, initial: string | undefined): string {
  let g0: 'ascii' | 'jisx0208' | 'jisx0212' = 'ascii';
  let g1 = initial;
  let text = '';
  let start = 0;
  const flush = (end: number): void => {
    if (end > start) text += decodeRun(bytes.subarray(start, end), g0, g1);
    start = end;
  };
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === escape) {
      flush(i);
      const length = bytes[i + 1] === 0x24 && (bytes[i + 2] === 0x28 || bytes[i + 2] === 0x29) ? 3 : 2;
      const sequence = String.fromCharCode(...bytes.subarray(i + 1, i + 1 + length));
      g0 = intoG0[sequence] ?? g0;
      g1 = intoG1[sequence] ?? g1;
      start = i + 1 + length;
      i += length;
    } else if (g0 === 'ascii' && resetting.has(byte)) {
      flush(i);
      g1 = initial;
    }
  }
  flush(bytes.length);
  return text;
}

function decodeRun(run: Uint8Array, g0: 'ascii' | 'jisx0208' | 'jisx0212', g1: string | undefined): string {
  if (g0 === 'ascii') return decode(g1, run);
  // EUC-JP has the same two sets in its upper half, JIS X 0212 after SS3 (0x8F).
  const upper: number[] = [];
  for (let i = 0; i < run.length; i++) {
    if (run[i]! < 0x21) {
      upper.push(run[i]!);
      continue;
    }
    if (g0 === 'jisx0212') upper.push(0x8f);
    upper.push(run[i]! | 0x80);
    if (i + 1 < run.length) upper.push(run[++i]! | 0x80);
  }
  return decode('euc-jp', Uint8Array.from(upper));
}

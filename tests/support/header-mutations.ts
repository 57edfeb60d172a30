import type { Uniform } from '../../src/lib/seeded-random.js';
import type { ElementStyle, WrittenElement, WrittenEncoding } from './element-writer.js';

/** A file before it is written. */
export interface Draft {
  readonly elements: readonly WrittenElement[];
  readonly encoding: WrittenEncoding;
  readonly syntax: string;
  readonly meta: 'explicit' | 'implicit' | 'big' | 'none' | 'no preamble' | 'wrong length';
  readonly applied: readonly string[];
}

/** Writes a header in another way that means the same. */
export type HeaderMutation = (draft: Draft, random: Uniform) => Draft;

const pick = <One>(random: Uniform, list: readonly One[]): One => list[Math.floor(random() * list.length)]!;
const bytesOf = (value: string): Buffer => Buffer.from(value.length % 2 ? `${value} ` : value, 'latin1');
const valueOf = ({ bytes = Buffer.alloc(0) }: WrittenElement): string => bytes.toString('latin1').replace(/[\0 ]+$/, '');
const deflated = '1.2.840.10008.1.2.1.99';
const pixelData = 0x7fe00010;

/** Changes one of the elements that `wanted` takes, if there is one. */
function change(
  name: string,
  wanted: (element: WrittenElement, draft: Draft) => boolean,
  changed: (element: WrittenElement, random: Uniform) => WrittenElement,
): HeaderMutation {
  return (draft, random) => {
    const candidates = draft.elements.filter((one) => wanted(one, draft));
    if (candidates.length === 0) return draft;
    const target = pick(random, candidates);
    return {
      ...draft,
      elements: draft.elements.map((one) => (one === target ? changed(one, random) : one)),
      applied: [...draft.applied, `${name} ${target.tag.toString(16)}`],
    };
  };
}

function styled(
  name: string,
  wanted: (element: WrittenElement, draft: Draft) => boolean,
  style: (element: WrittenElement, random: Uniform) => ElementStyle,
): HeaderMutation {
  return change(name, wanted, (element, random) => ({ ...element, style: style(element, random) }));
}

function insert(name: string, make: (random: Uniform) => WrittenElement | readonly WrittenElement[]): HeaderMutation {
  return (draft, random) => {
    const made = make(random);
    const added = 'tag' in made ? [made] : made;
    return {
      ...draft,
      elements: [...draft.elements.filter(({ tag }) => !added.some((one) => one.tag === tag)), ...added],
      applied: [...draft.applied, name],
    };
  };
}

const isSimple = ({ items, fragments, tag, style }: WrittenElement): boolean => !items && !fragments && tag !== pixelData && !style;
const isSequence = ({ items, style }: WrittenElement): boolean => items !== undefined && !style;
const isExplicit = (_: WrittenElement, { encoding }: Draft): boolean => encoding.explicit && encoding.littleEndian;
const isDecimal = (element: WrittenElement): boolean => element.vr === 'DS' && !element.style && /^-?[\d.]+$/.test(valueOf(element));
const isNumber = ({ tag }: WrittenElement): boolean => tag >= 0x00280002 && tag <= 0x00280103;
const both =
  (...tests: readonly ((element: WrittenElement, draft: Draft) => boolean)[]) =>
  (element: WrittenElement, draft: Draft): boolean =>
    tests.every((test) => test(element, draft));
const has =
  (tag: number) =>
  (one: WrittenElement): boolean =>
    one.tag === tag;

const jpeg = Buffer.from('ffd8ffe000104a46494600010100000100010000ffdb00430003020203020203030303040303040508050504040508ffd9', 'hex');
const icon = (pixels: WrittenElement): WrittenElement[] => [
  { tag: 0x00280010, vr: 'US', word: 2, bytes: Buffer.of(8, 0) },
  { tag: 0x00280011, vr: 'US', word: 2, bytes: Buffer.of(8, 0) },
  { tag: 0x00280100, vr: 'US', word: 2, bytes: Buffer.of(8, 0) },
  { tag: 0x00280103, vr: 'US', word: 2, bytes: Buffer.of(1, 0) },
  { tag: 0x00281050, vr: 'DS', bytes: Buffer.from('9999') },
  pixels,
];

export const mutations: readonly HeaderMutation[] = [
  styled('VR UN', both(isSimple, isExplicit), () => ({ letters: 'UN' })),
  styled('odd VR, short length', both(isSimple, isExplicit), (_, random) => ({
    letters: pick(random, ['??', '  ', '\0\0', 'xx', '--', 'u\0']),
    lengthBytes: 2,
  })),
  styled('unknown VR, long length', both(isSimple, isExplicit), (_, random) => ({
    letters: pick(random, ['ZZ', 'XQ', 'OX']),
    lengthBytes: 4,
  })),
  styled('OB for a value', both(isSimple, isNumber, isExplicit), () => ({ letters: 'OB' })),
  styled('implicit in explicit', both(isSimple, isExplicit), () => ({ implicit: true })),
  styled(
    'explicit in implicit',
    (element, { encoding }) => isSimple(element) && !encoding.explicit,
    () => ({ explicit: true }),
  ),
  styled('text VR', both(isDecimal, isExplicit), (_, random) => ({ letters: pick(random, ['LO', 'CS', 'SH', 'IS', 'ST']) })),
  styled(
    'SS for US',
    both(isSimple, isNumber, ({ vr }) => vr === 'US', isExplicit),
    () => ({ letters: 'SS' }),
  ),
  styled('UN sequence of stated length', both(isSequence, isExplicit), () => ({ letters: 'UN', implicitItems: true })),
  styled('UN sequence of undefined length', both(isSequence, isExplicit), (_, random) => ({
    letters: 'UN',
    implicitItems: true,
    undefinedLength: true,
    undefinedItems: random() < 0.5,
  })),
  styled('explicit items under UN', both(isSequence, isExplicit), (_, random) => ({
    letters: 'UN',
    undefinedLength: random() < 0.5,
    undefinedItems: random() < 0.5,
  })),
  styled('odd VR of a sequence', both(isSequence, isExplicit), (_, random) => ({
    letters: pick(random, ['OB', 'ZZ', 'UT']),
    lengthBytes: 4,
  })),
  styled('delimiters', isSequence, (_, random) => ({ undefinedLength: random() < 0.5, undefinedItems: random() < 0.5 })),
  styled('stray delimiters', isSequence, (_, random) => ({
    undefinedLength: random() < 0.5,
    strayItemEnd: random() < 0.7,
    straySequenceEnd: random() < 0.5,
  })),
  styled('delimiter behind the length', isSequence, (_, random) => ({
    strayItemEnd: true,
    sequenceLengthError: -8,
    straySequenceEnd: random() < 0.5,
  })),
  styled('sequence too short', isSequence, (_, random) => ({ sequenceLengthError: -pick(random, [2, 4, 8, 12]) })),
  styled('item too long', isSequence, (_, random) => ({ undefinedLength: random() < 0.5, itemLengthError: 8, strayItemEnd: true })),
  change(
    'decimal comma',
    both(isDecimal, (element) => valueOf(element).includes('.')),
    (element) => ({ ...element, bytes: bytesOf(valueOf(element).replace('.', ',')) }),
  ),
  change('sign or exponent', isDecimal, (element, random) => ({
    ...element,
    bytes: bytesOf(
      pick(random, [
        Number(valueOf(element)).toExponential(),
        Number(valueOf(element)).toExponential().toUpperCase(),
        Number(valueOf(element)) >= 0 ? `+${valueOf(element)}` : valueOf(element),
        `${valueOf(element)}${valueOf(element).includes('.') ? '' : '.'}00000000000000000`,
      ]),
    ),
  })),
  change('blanks and zeros', isDecimal, (element, random) => ({
    ...element,
    bytes: Buffer.from(pick(random, [`  ${valueOf(element)}  `, `${valueOf(element)}\0\0`, ` ${valueOf(element)}\0`]), 'latin1'),
  })),
  (draft, random) => {
    // A second window behind the first, or one in front that is empty or no number.
    if (!draft.elements.some(has(0x00281050))) return draft;
    const [center, width] = pick(random, [
      ['@\\50', '@\\400'],
      ['\\@', '3000\\@'],
      ['NaN\\@', '3000\\@'],
      ['40\\@', '\\@'],
      ['40\\@', 'wide\\@'],
      ['@\\', '@\\'],
      ['40\\@', '-1\\@'],
    ] as const);
    const elements = draft.elements.map((one) =>
      one.tag === 0x00281050 || one.tag === 0x00281051
        ? { ...one, bytes: bytesOf((one.tag === 0x00281050 ? center : width).replace('@', valueOf(one))) }
        : one,
    );
    return { ...draft, elements, applied: [...draft.applied, `windows ${center} ${width}`] };
  },
  change('photometric interpretation', has(0x00280004), (element, random) => ({
    ...element,
    bytes: bytesOf(
      pick(random, [valueOf(element).toLowerCase(), ` ${valueOf(element)}`, `${valueOf(element)}\0`, `${valueOf(element)}  `]),
    ),
  })),
  insert('number of frames', (random) => ({
    tag: 0x00280008,
    vr: 'IS',
    bytes: bytesOf(pick(random, ['0', '1', '', ' 1', '+1', '01', '1\0'])),
  })),
  insert('patient orientation', (random) => ({
    tag: 0x00200020,
    vr: 'CS',
    bytes: bytesOf(pick(random, ['R\\P', 'F\\H', '', 'X\\Y', 'L', 'l\\f', 'LA\\FP', '\\', 'L\\F\\L'])),
  })),
  insert('UIDs', (random) => ({
    tag: pick(random, [0x0020000d, 0x0020000e, 0x00080018, 0x00080016]),
    vr: 'UI',
    bytes: bytesOf(pick(random, ['1.02.003', `1.2.${'9'.repeat(70)}`, 'abc', '', '1.2.', '1.2 .3', '../1.2'])),
  })),
  insert('character set', (random) => ({
    tag: 0x00080005,
    vr: 'CS',
    bytes: bytesOf(
      pick(random, [
        '',
        'ISO 2022 IR 149',
        '\\ISO 2022 IR 87',
        'ISO_IR 192',
        'GB18030',
        'nonsense',
        'ISO_IR 13',
        'ISO 2022 IR 6\\ISO 2022 IR 58',
      ]),
    ),
  })),
  insert('name', (random) => ({
    tag: 0x00100010,
    vr: 'PN',
    bytes: bytesOf(pick(random, ['Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce', '\x1b$B;3ED\x1b(B', '\xff\xfe\xfd', '\x1b', 'A\\B\\C'])),
  })),
  insert('compressed icon', (random) => ({
    tag: 0x00880200,
    vr: 'SQ',
    items: [icon({ tag: pixelData, vr: 'OB', fragments: [Buffer.alloc(0), jpeg.subarray(0, 46), jpeg.subarray(0, 20)] })],
    style: { undefinedLength: random() < 0.7, undefinedItems: true },
  })),
  insert('plain icon', (random) => ({
    tag: 0x00880200,
    vr: 'SQ',
    items: [icon({ tag: pixelData, vr: 'OB', bytes: Buffer.alloc(64, 0xfe) })],
    style: { undefinedLength: random() < 0.5, undefinedItems: random() < 0.5 },
  })),
  insert('private fragments', (random) => [
    { tag: 0x00490010, vr: 'LO', bytes: bytesOf('ACME') },
    {
      tag: 0x00491001,
      vr: pick(random, ['OB', 'OW', 'UN']),
      fragments: [Buffer.alloc(0), Buffer.from('deadbeefdeadbeef00000000ffffffff', 'hex')],
    },
  ]),
  insert('private sequence', (random) => [
    { tag: 0x00290010, vr: 'LO', bytes: bytesOf('ACME ICON') },
    {
      tag: 0x00291010,
      vr: pick(random, ['SQ', 'UN']),
      items: [
        [
          {
            tag: 0x00880200,
            vr: 'SQ',
            items: [icon({ tag: pixelData, vr: 'OB', fragments: [Buffer.alloc(0), jpeg.subarray(0, 46)] })],
            style: { undefinedLength: true, undefinedItems: true },
          },
        ],
      ],
      style: { undefinedLength: true, undefinedItems: true },
    },
  ]),
  insert('private values', (random) => [
    { tag: 0x00110010, vr: 'LO', bytes: bytesOf('Test') },
    {
      tag: 0x00111001,
      vr: 'UN',
      bytes: Buffer.from('3132', 'hex'),
      style: { letters: pick(random, ['??', 'UN', 'OB', 'LT']), lengthBytes: 2 },
    },
  ]),
  insert('group lengths', () =>
    [0x00080000, 0x00100000, 0x00280000].map((tag) => ({ tag, vr: 'UL', word: 4 as const, bytes: Buffer.of(4, 1, 0, 0) })),
  ),
  insert('padding value', (random) => ({
    tag: 0x00280120,
    vr: 'US',
    word: 2,
    bytes: Buffer.of(0xfe, 0x7f),
    style: { letters: pick(random, ['US', 'SS', 'OW', 'OB']) },
  })),
  insert('overlay', () => [
    { tag: 0x60000010, vr: 'US', word: 2, bytes: Buffer.of(8, 0) },
    { tag: 0x60003000, vr: 'OW', word: 2, bytes: Buffer.alloc(8) },
  ]),
  insert('empty values', () =>
    [0x00181164, 0x00280034, 0x00280030, 0x00280120, 0x00281056].map((tag) => ({
      tag,
      vr: tag === 0x00280120 ? 'US' : tag === 0x00281056 ? 'LO' : 'DS',
      bytes: Buffer.alloc(0),
    })),
  ),
  (draft, random) => ({
    ...draft,
    meta: draft.syntax === deflated ? draft.meta : pick(random, ['implicit', 'big', 'no preamble', 'wrong length', 'none'] as const),
    applied: [...draft.applied, 'meta header'],
  }),
  (draft, random) =>
    draft.syntax === deflated
      ? draft
      : {
          ...draft,
          syntax: pick(random, ['1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.2']),
          applied: [...draft.applied, 'another transfer syntax declared'],
        },
  (draft) => {
    if (!draft.encoding.littleEndian || !draft.encoding.explicit || draft.syntax === deflated) return draft;
    return {
      ...draft,
      syntax: '1.2.840.10008.1.2.1.98',
      elements: draft.elements.map((one) =>
        one.tag === pixelData
          ? { tag: pixelData, vr: 'OB', fragments: [Buffer.alloc(0), one.bytes ?? Buffer.concat(one.fragments ?? [])] }
          : one,
      ),
      applied: [...draft.applied, 'encapsulated uncompressed'],
    };
  },
  change(
    'LUT descriptor',
    ({ tag, items, style }, { encoding }) => encoding.littleEndian && tag === 0x00283010 && items !== undefined && !style,
    (element, random) => ({
      ...element,
      items: element.items!.map((item) =>
        item.map((one) => {
          if (one.tag !== 0x00283002) return one;
          const bytes = Buffer.from(one.bytes!);
          if (random() < 0.6) bytes.writeUInt16LE(pick(random, [0, 1, 8, 10, 12, 16]), 4);
          return { ...one, bytes, ...(random() < 0.5 ? { style: { letters: pick(random, ['US', 'SS', 'OW', 'UN']) } } : {}) };
        }),
      ),
    }),
  ),
  change(
    'LUT data',
    ({ tag, items, style }, { encoding }) => encoding.littleEndian && tag === 0x00283010 && items !== undefined && !style,
    (element, random) => ({
      ...element,
      items: element.items!.map((item) =>
        item.map((one) => (one.tag === 0x00283006 ? { ...one, style: { letters: pick(random, ['UN', 'OB', 'OW']) } } : one)),
      ),
    }),
  ),
];

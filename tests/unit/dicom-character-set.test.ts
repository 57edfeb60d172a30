import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textDecoderFor } from '../../src/dicom/character-set.js';

/** The examples of PS3.5 §H, §I, §J and §K, as bytes. */
const examples: readonly (readonly [declared: readonly string[], bytes: string, text: string])[] = [
  [['ISO_IR 100'], 'Buc^J\xe9r\xf4me', 'Buc^Jérôme'],
  [['ISO_IR 144'], '\xbb\xee\xda\x63\x65\xdc\xd1\x79\x70\xd3', 'Люкceмбypг'],
  [['ISO_IR 126'], '\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2', 'Διονυσιος'],
  [
    ['', 'ISO 2022 IR 87'],
    'Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B',
    'Yamada^Tarou=山田^太郎=やまだ^たろう',
  ],
  [
    ['ISO 2022 IR 13', 'ISO 2022 IR 87'],
    '\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J',
    'ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう',
  ],
  [
    ['', 'ISO 2022 IR 149'],
    'Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf',
    'Hong^Gildong=洪^吉洞=홍^길동',
  ],
  [['', 'ISO 2022 IR 58'], 'Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab=', 'Zhang^XiaoDong=张^小东='],
  [['ISO_IR 192'], 'Wang^XiaoDong=\xe7\x8e\x8b^\xe5\xb0\x8f\xe6\x9d\xb1=', 'Wang^XiaoDong=王^小東='],
  [['GB18030'], 'Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab=', 'Wang^XiaoDong=王^小东='],
  [['ISO 2022 IR 100', 'ISO 2022 IR 144'], 'Dionysios is \x1b-L\xbb\xee\xda and \xe9', 'Dionysios is Люк and щ'],
  [[], 'Müller'.replace('ü', '\xc3\xbc'), 'Müller'],
  [[], 'M\xfcller', 'Müller'],
  [['no such set'], 'M\xfcller', 'Müller'],
];

for (const [declared, bytes, text] of examples) {
  test(`${declared.join('\\') || 'nothing declared'}: ${text}`, () => {
    assert.equal(textDecoderFor(declared)(Buffer.from(bytes, 'latin1')), text);
  });
}

test('an escape sequence at the very end, or cut off, does no harm', () => {
  for (const tail of ['\x1b', '\x1b$', '\x1b$B', '\x1b$B;', '\x1b$)', '\x1b$(D!']) {
    assert.match(textDecoderFor(['', 'ISO 2022 IR 87'])(Buffer.from(`A${tail}`, 'latin1')), /^A/);
  }
});

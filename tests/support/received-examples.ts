import { oru } from './mllp-sender.js';

/** Messages with reports as a RIS sends them, in their bytes. */
export const receivedExamples: readonly { readonly name: string; readonly bytes: Buffer }[] = [
  { name: 'plain', bytes: Buffer.from(oru({ lines: ['Kein Pneumothorax.', 'Pleuraerguss rechts.'] })) },
  {
    name: 'latin1-escapes',
    bytes: Buffer.from(
      oru({
        characterSet: '8859/1',
        lines: [
          { type: 'FT', value: 'Herz vergr\u00f6\u00dfert.\\X0D\\Erguss \\T\\ Stauung.\\.br\\A\\F\\B \\S\\ C \\R\\ D \\E\\ E' },
          { type: 'FT', code: '19005-8^Beurteilung^LN', value: 'Gr\\XF6\\\\XDF\\e 3 cm.' },
        ],
      }),
      'latin1',
    ),
  },
  {
    name: 'merged-patient',
    bytes: Buffer.from(oru({ patient: 'NEW-77^^^HOSP&1.2.276.0.76&ISO^PI~PHANTOM-2^^^PHANTOMS^PI~""', lines: ['No pneumothorax.'] })),
  },
  {
    name: 'other-delimiters',
    bytes: Buffer.from(
      oru({ lines: ['Kein Erguss.'] })
        .replaceAll('^~\\&', '\u0001')
        .replaceAll('|', '#')
        .replaceAll('^', '*')
        .replaceAll('~', '@')
        .replaceAll('&', '$')
        .replace('\u0001', '*@!$'),
    ),
  },
];

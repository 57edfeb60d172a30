/**
 * A finding as a name for a folder and an output: small letters and digits, everything else a hyphen; accents are taken off
 * (`Pneumopathie à Pneumocystis` → `pneumopathie-a-pneumocystis`, `COVID-19` → `covid-19`).
 *
 * @returns an empty string if the text has neither letter nor digit
 */
export function slugOf(text: string): string {
  return foldLigatures(text)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '');
}

/** Letters that Unicode does not decompose into a base letter and an accent. */
const ligatures: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  Æ: 'AE',
  œ: 'oe',
  Œ: 'OE',
  ø: 'o',
  Ø: 'O',
  ł: 'l',
  Ł: 'L',
  đ: 'd',
  Đ: 'D',
  ð: 'd',
  þ: 'th',
};

function foldLigatures(text: string): string {
  return text.replace(/[ßæÆœŒøØłŁđĐðþ]/g, (letter) => ligatures[letter]!);
}

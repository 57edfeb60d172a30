/** A word or a punctuation mark of a text, folded, and its place in the text. */
export interface Word {
  /** Lower case; ä, ö, ü and ß as ae, oe, ue and ss; no accents. */
  readonly folded: string;
  readonly start: number;
  readonly end: number;
}

const special: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss', æ: 'ae', ø: 'oe', å: 'a' };

/** The form in which words are compared: "Erguß", "ERGUSS" and "erguss" are one word. */
export function fold(text: string): string {
  return text
    .normalize('NFC')
    .toLowerCase()
    .replace(/[äöüßæøå]/g, (letter) => special[letter]!)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '');
}

/**
 * Words and the marks that separate clauses. A hyphen between letters separates two words and is none itself ("air-space" is "air
 * space"); one between blanks is a mark. Full stops are left out: a sentence has none but those of abbreviations.
 */
export function wordsOf(text: string, from = 0): readonly Word[] {
  return [...text.matchAll(/[\p{L}\p{N}\p{M}*]+|[,;:()?]|(?<=^|\s)[-–—](?=\s|$)/gu)].map(({ 0: found, index }) => ({
    folded: /^[-–—]$/.test(found) ? '-' : fold(found),
    start: from + index,
    end: from + index + found.length,
  }));
}

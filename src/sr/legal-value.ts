/**
 * Values as their representation allows them (PS3.5 §6.2). Sources are often not quite legal; what we write always is.
 * Lengths count characters, not bytes.
 */

/** Short and Long String: one line, no backslash, at most `length` characters. */
export function legalString(text: string, length: 16 | 64): string {
  const line = text
    .replace(/[\u0000-\u001f\u007f]+/g, ' ')
    .replace(/\\/g, '/')
    .trim();
  return cut(line, length);
}

/** Unlimited Text: line ends and tabs stay, other control characters are removed. */
export function legalText(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]+/g, ' ')
    .trimEnd()
    .replace(/\n/g, '\r\n');
}

/**
 * Person Name: up to three component groups (alphabetic, ideographic, phonetic) of at most 64 characters and five
 * components each (§6.2.1); further components join the last.
 */
export function legalPersonName(name: string): string {
  const groups = name
    .split('=')
    .slice(0, 3)
    .map((group) => {
      const components = group.split('^');
      const five = components.length > 5 ? [...components.slice(0, 4), components.slice(4).join(' ')] : components;
      return legalString(five.join('^'), 64);
    });
  return groups.join('=').replace(/=+$/, '');
}

/** The name of an account as a Person Name: a family name, closed by a caret, because a bare word is the retired form of ACR-NEMA. */
export function accountAsPersonName(name: string): string {
  const legal = legalPersonName(name);
  return legal.includes('^') || legal === '' ? legal : `${[...legal].slice(0, 63).join('')}^`;
}

/** Date, or '' if the text is none. The form of ACR-NEMA, 2020.03.15, is read too. */
export function legalDate(text: string): string {
  const digits = text.trim().replace(/^(\d{4})\.(\d{2})\.(\d{2})$/, '$1$2$3');
  return /^\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/.test(digits) ? digits : '';
}

/** Time, or '' if the text is none. The form of ACR-NEMA, 12:30:00, is read too. */
export function legalTime(text: string): string {
  const digits = text.trim().replace(/^(\d{2}):(\d{2}):(\d{2})/, '$1$2$3');
  return /^([01]\d|2[0-3])([0-5]\d(([0-5]\d|60)(\.\d{1,6})?)?)?$/.test(digits) ? digits : '';
}

function cut(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : characters.slice(0, length).join('').trimEnd();
}

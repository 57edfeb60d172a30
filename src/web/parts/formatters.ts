/*
 * Formatters of dates and numbers, each made once for a language and its options: making one takes longer than a hundred uses of it, and
 * the worklist uses several in each row.
 */

const made = new Map<string, unknown>();

function once<Formatter>(kind: string, language: string, options: object, make: () => Formatter): Formatter {
  const key = `${kind} ${language} ${JSON.stringify(options)}`;
  let formatter = made.get(key) as Formatter | undefined;
  if (formatter === undefined) made.set(key, (formatter = make()));
  return formatter;
}

export function dateFormat(language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return once('date', language, options, () => new Intl.DateTimeFormat(language, options));
}

export function relativeFormat(language: string, options: Intl.RelativeTimeFormatOptions): Intl.RelativeTimeFormat {
  return once('relative', language, options, () => new Intl.RelativeTimeFormat(language, options));
}

export function numberFormat(language: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  return once('number', language, options, () => new Intl.NumberFormat(language, options));
}

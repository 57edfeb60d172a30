import { en, isText, type TextKey } from './en.js';
import type { Language, Translate } from './languages.js';
import { localFigure } from './numbers.js';

const prefix = 'findingName.';
const keyOfMeaning = new Map<string, TextKey>(
  Object.entries(en).flatMap(([key, text]) => (key.startsWith(prefix) ? [[text, key as TextKey] as const] : [])),
);

/** A finding in the language of the page. @param meaning Code Meaning, which is English; one of the site's own stays as it is */
export function findingText(meaning: string, t: Translate): string {
  const key = keyOfMeaning.get(meaning);
  return key === undefined ? meaning : t(key);
}

/** As findingText, for the name of a model's output, e.g. `pleural-effusion`. */
export function outputText(name: string, t: Translate): string {
  const key = `${prefix}${name}`;
  return isText(key) ? t(key) : name;
}

/** Why a study stands where it stands, as the service says it ("Mass 71.5 %, waiting 4 min"), with findings and figures of the language. */
export function withFindingTexts(text: string, t: Translate, language: Language): string {
  return text.replace(
    /(^|, )([^,%]+?) ([<>]?[\d.]+) %/g,
    (_, before: string, meaning: string, figure: string) => `${before}${findingText(meaning, t)} ${localFigure(figure, language)} %`,
  );
}

/** The title of a heat map: the meaning of its finding and its probability, e.g. "Pneumonia 91.3 %". */
export function heatMapText(title: string, t: Translate, language: Language): string {
  const meaning = [...keyOfMeaning.keys()]
    .filter((one) => title === one || title.startsWith(`${one} `))
    .sort((a, b) => b.length - a.length)[0];
  return meaning === undefined ? title : findingText(meaning, t) + localFigure(title.slice(meaning.length), language);
}

import { numberFormat } from '../parts/formatters.js';
import { probabilityText, type ShownProbability } from '../../lib/probability-text.js';
import type { Language } from './languages.js';

/** A number with a fixed count of decimals as the language writes it, e.g. "0,935"; "–" without one. */
export function fixedText(value: number | null | undefined, decimals: number, language: Language): string {
  if (value === null || value === undefined) return '–';
  return numberFormat(language, { minimumFractionDigits: decimals, maximumFractionDigits: decimals }).format(value);
}

/** An interval with its ends as fixedText. */
export function intervalText([low, high]: readonly [number, number], decimals: number, language: Language): string {
  return `${fixedText(low, decimals, language)} – ${fixedText(high, decimals, language)}`;
}

/** A figure that was rounded elsewhere, e.g. "49.96" or "<0.1", with the decimal sign of the language. */
export function localFigure(figure: string, language: Language): string {
  const sign =
    numberFormat(language, {})
      .formatToParts(0.5)
      .find(({ type }) => type === 'decimal')?.value ?? '.';
  return figure.replace(/(?<=\d)\.(?=\d)/, sign);
}

/** A finding's probability without the sign of per cent; the same digits as everywhere else (probability-text.ts). */
export function probabilityFigure(shown: ShownProbability, language: Language): string {
  return localFigure(probabilityText(shown), language);
}

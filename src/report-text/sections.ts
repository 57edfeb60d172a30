import { fold } from './words.js';

/** A part of a report under one heading, or before the first. */
export interface Section {
  /** As it is written. */
  readonly heading?: string;
  readonly isRead: boolean;
  readonly start: number;
  readonly end: number;
}

/** Finds the headings of a report. */
export type FindSections = (text: string) => readonly Section[];

/**
 * A heading stands at the beginning of a line or after a full stop, followed by a colon; or alone in a line. What stands before the first
 * one is read, as in a report without headings.
 */
export function sectionFinder(read: readonly string[], ignored: readonly string[]): FindSections {
  const isRead = new Map([
    ...ignored.map((one) => [headingKey(one), false] as const),
    ...read.map((one) => [headingKey(one), true] as const),
  ]);
  return (text) => {
    const headings = [
      ...text.matchAll(/(?:^|(?<=[.;!?]\s)|(?<=\n))([ \t*#>-]*)(\p{L}[\p{L}\p{N} \t/&()-]{1,59}?)[ \t*]*(?::|(?=\r?\n|$))/gu),
    ].flatMap(({ 0: whole, 1: before, 2: heading, index }) => {
      const known = isRead.get(headingKey(heading!));
      if (known === undefined) return [];
      // Without a colon it is a heading only if it has the line for itself.
      if (!whole.endsWith(':') && !/(?:^|\n)$/.test(text.slice(0, index))) return [];
      return [{ heading: heading!, isRead: known, at: index + before!.length, from: index + whole.length }];
    });
    const first = headings[0]?.at ?? text.length;
    return [
      { isRead: true, start: 0, end: first },
      ...headings.map(({ heading, isRead: one, from }, index) => ({
        heading,
        isRead: one,
        start: from,
        end: headings[index + 1]?.at ?? text.length,
      })),
    ].filter(({ start, end }) => text.slice(start, end).trim() !== '');
  };
}

function headingKey(heading: string): string {
  return fold(heading)
    .replace(/[^a-z0-9]+/g, ' ')
    .trim();
}

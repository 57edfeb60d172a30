import { useSyncExternalStore, type ReactNode } from 'react';
import { useTexts } from '../texts/texts.js';
import { dateFormat, relativeFormat } from './formatters.js';

const steps: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

/** Times that say how long ago something was are at most this old. */
const tickMs = 30_000;

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** One timer for all of them. */
function onTick(tell: () => void): () => void {
  listeners.add(tell);
  timer ??= setInterval(() => listeners.forEach((one) => one()), tickMs);
  return () => {
    listeners.delete(tell);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** How long ago, with the moment itself as its title. */
export function Ago({ at }: { readonly at: string }): ReactNode {
  const { language } = useTexts();
  const seconds = Math.round((Date.parse(at) - Date.now()) / 1000);
  useSyncExternalStore(onTick, () => Math.floor(Date.now() / tickMs));
  const [unit, size] = steps.find(([, one]) => Math.abs(seconds) >= one) ?? ['second', 1];
  const words = relativeFormat(language, { numeric: 'auto', style: 'short' }).format(Math.trunc(seconds / size), unit);
  return (
    <time dateTime={at} title={moment(at, language)}>
      {words}
    </time>
  );
}

/** Date and time with the time zone, e.g. "15 Jan 2026, 14:03:12 GMT+1". */
export function moment(at: string, language: string): string {
  return dateFormat(language, {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  }).format(new Date(at));
}

/** The time zone of the browser, e.g. "Europe/Berlin". */
export function timeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** "20260115" as the language writes dates; any other text stays as it is. */
export function dicomDate(text: string, language: string): string {
  const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(text) ?? [];
  return day ? dateFormat(language, { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(`${year}-${month}-${day}T00:00:00Z`)) : text;
}

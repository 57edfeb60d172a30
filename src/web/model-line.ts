import { useSearchParams } from 'wouter';
import { defaultLine } from '../lib/model-line.js';

/** The model line that the address names, and how to name another. */
export function useModelLine(): readonly [line: string, choose: (line: string) => void] {
  const [search, setSearch] = useSearchParams();
  return [search.get('line') ?? defaultLine, (line) => setSearch(line === defaultLine ? {} : { line })];
}

/** An address of the page or of the interface for one line. */
export function withLine(path: string, line: string): string {
  return line === defaultLine ? path : `${path}?line=${encodeURIComponent(line)}`;
}

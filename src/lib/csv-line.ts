/** One record of comma-separated values, without its line end: cells with a comma, a quote or a line break are quoted (RFC 4180 §2). */
export function csvLine(cells: readonly string[]): string {
  return cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',');
}

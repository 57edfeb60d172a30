/**
 * One record of comma-separated values, without its line end: cells with a comma, a quote or a line break are quoted (RFC 4180 §2), and none
 * is a formula for a spreadsheet program.
 */
export function csvLine(cells: readonly string[]): string {
  return cells
    .map(withoutFormula)
    .map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell))
    .join(',');
}

/** A number as programs write it, e.g. -0.5 or +1e-7: no spreadsheet program takes it for a formula. */
const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * OWASP, "CSV Injection": a cell that begins with one of = + - @, a tab or a carriage return may be run as a formula. A single quote before
 * it makes it a text. Full-width signs count, because some programs take them for the others; a line feed, because some skip it.
 */
function withoutFormula(cell: string): string {
  return /^[=+\-@\t\r\n＝＋－＠]/.test(cell) && !number.test(cell) ? `'${cell}` : cell;
}

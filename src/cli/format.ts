import { visibleText } from './visible-text.ts';

/** "1 797": thousands apart, so that large counts can be read. */
export function formatCount(count: number): string {
  // Passes and weighted rows need not be whole.
  const digits = Number.isInteger(count) ? String(count) : count.toFixed(1);
  if (digits.includes('.')) return digits;
  return digits.length <= 4 ? digits : digits.replace(/\B(?=(\d{3})+$)/g, ' ');
}

/** "1 row", "2 rows". */
export function countOf(count: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 ? singular : plural}`;
}

/** Seven significant digits: what a certificate of 1e-6 vouches for. */
export function formatObjective(value: number): string {
  return shortest(value.toPrecision(7));
}

/** Two significant digits, as gaps and tolerances are read. */
export function formatGap(value: number): string {
  if (value === 0) return '0';
  return shortest(value >= 0.001 ? value.toPrecision(2) : value.toExponential(1));
}

export function formatNumber(value: number): string {
  return shortest(value.toPrecision(4));
}

export function formatPercent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

export function formatSeconds(seconds: number): string {
  if (seconds < 0.01) return `${(seconds * 1000).toFixed(1)} ms`;
  if (seconds < 100) return `${seconds.toPrecision(2)} s`;
  return `${Math.round(seconds)} s`;
}

/** A few names, and how many more there are. */
export function formatNames(names: readonly string[], shown = 6): string {
  if (names.length <= shown) return visibleText(names.join(', '));
  return visibleText(`${names.slice(0, shown - 2).join(', ')}, … ${names.at(-1) ?? ''}`);
}

/** Columns under each other: the first to the left, the others to the right. */
export function formatTable(cells: readonly (readonly string[])[]): string {
  const rows = cells.map((row) => row.map(visibleText));
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length);
    });
  }
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Drops what toPrecision pads: "0.5000000" → "0.5", "1.0e-7" → "1e-7". */
function shortest(text: string): string {
  const [mantissa = '', exponent] = text.split('e');
  const short = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa;
  return exponent === undefined ? short : `${short}e${exponent.replace('+', '')}`;
}

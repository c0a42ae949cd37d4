// Pieces of the Markdown report.

export function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

export function seconds(value) {
  return value === undefined || value === null ? '–' : `${digits(value)} s`;
}

/** Median seconds, and where there were several runs the fastest, the slowest and their number. */
export function spread(line) {
  if (line === undefined) return 'not reached';
  const { repeats = 1 } = line;
  return repeats > 1
    ? `${seconds(line.seconds)} (${digits(line.fastest)}–${digits(line.slowest)} of ${repeats})`
    : seconds(line.seconds);
}

function digits(value) {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

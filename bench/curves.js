/** Suboptimality against seconds on two log axes, one line per program, as an SVG document. */
export function curves(title, lines, best) {
  const [width, height, left, bottom, top, right] = [720, 440, 70, 50, 40, 190];
  const floor = 1e-12;
  const points = lines
    .filter((line) => line.objective !== null)
    .map((line) => ({ ...line, error: Math.max(floor, (line.objective - best) / Math.abs(best)) }));
  if (points.length === 0)
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"/>\n`;
  const xs = points.map((p) => Math.log10(p.seconds));
  const [x0, x1] = [Math.floor(Math.min(...xs)), Math.ceil(Math.max(...xs) + 1e-9)];
  const ys = points.map((p) => Math.log10(p.error));
  const [y0, y1] = [Math.floor(Math.min(...ys)), Math.ceil(Math.max(...ys) + 1e-9)];
  const x = (seconds) => left + ((Math.log10(seconds) - x0) / (x1 - x0)) * (width - left - right);
  const y = (error) => top + ((y1 - Math.log10(error)) / (y1 - y0)) * (height - top - bottom);
  const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const grid = [
    ...range(x0, x1).map(
      (e) =>
        `<line x1="${x(10 ** e)}" x2="${x(10 ** e)}" y1="${top}" y2="${height - bottom}"/><text x="${x(10 ** e)}" y="${height - bottom + 18}" text-anchor="middle">1e${e}</text>`,
    ),
    ...range(y0, y1).map(
      (e) =>
        `<line x1="${left}" x2="${width - right}" y1="${y(10 ** e)}" y2="${y(10 ** e)}"/><text x="${left - 8}" y="${y(10 ** e) + 4}" text-anchor="end">1e${e}</text>`,
    ),
  ];
  // Okabe–Ito
  const colours = ['#000000', '#D55E00', '#0072B2', '#009E73', '#CC79A7', '#E69F00', '#56B4E9'];
  const names = [...new Set(points.map((p) => p.program))];
  const series = names.map((name, i) => {
    const own = points.filter((p) => p.program === name).sort((a, b) => a.seconds - b.seconds);
    const colour = colours[i % colours.length];
    const path = own.map((p) => `${x(p.seconds).toFixed(1)},${y(p.error).toFixed(1)}`);
    const dots = path.map(
      (p) => `<circle cx="${p.split(',')[0]}" cy="${p.split(',')[1]}" r="3" fill="${colour}" stroke="none"/>`,
    );
    const label = `<text x="${width - right + 14}" y="${top + 14 + 18 * i}" fill="${colour}">${name}</text>`;
    return `<g stroke="${colour}" fill="none"><polyline points="${path.join(' ')}"/></g>${dots.join('')}${label}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="#fff"/>
<text x="${left}" y="22" font-size="15">${title}</text>
<g stroke="#ddd">${grid.join('\n').replaceAll('<text', '<text stroke="none" fill="#444"')}</g>
${series.join('\n')}
<text x="${(left + width - right) / 2}" y="${height - 12}" text-anchor="middle">seconds</text>
<text transform="translate(16 ${(top + height - bottom) / 2}) rotate(-90)" text-anchor="middle">relative suboptimality</text>
</svg>
`;
}

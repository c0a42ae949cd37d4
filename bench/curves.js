const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT] = [860, 470, 78, 54, 64, 250];
/** Okabe and Ito's colours, told apart also by the colour-blind; past them the strokes are dashed. */
const COLOURS = ['#000000', '#D55E00', '#0072B2', '#009E73', '#CC79A7', '#E69F00', '#56B4E9'];
/** Errors below this are drawn on it: the best objective itself has none. */
const FLOOR = 1e-10;

/**
 * Error against seconds on two log axes, one line for each program, as an SVG document. A point is a run; a line joins
 * those that nothing else of its program beats in both. A rule marks ε.
 */
export function curves(title, lines, epsilon) {
  const series = seriesOf(lines);
  if (series.length === 0) return empty(title);
  const points = series.flatMap((one) => one.points);
  const [x0, x1] = decades(points.map((p) => p.seconds));
  const [y0, y1] = decades([...points.map((p) => p.error), epsilon]);
  const x = (seconds) => LEFT + ((Math.log10(seconds) - x0) / (x1 - x0)) * (WIDTH - LEFT - RIGHT);
  const y = (error) => TOP + ((y1 - Math.log10(error)) / (y1 - y0)) * (HEIGHT - TOP - BOTTOM);
  const every = Math.ceil((y1 - y0) / 10);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="system-ui, sans-serif" font-size="13" role="img" aria-labelledby="title description">
<title id="title">${escaped(title)}: error against seconds</title>
<desc id="description">${escaped(inWords(series, epsilon))}</desc>
<rect width="100%" height="100%" fill="#fff"/>
<text x="${LEFT}" y="26" font-size="17" font-weight="600" fill="#111">${escaped(title)}</text>
<text x="${LEFT}" y="46" fill="#555">left and low is better</text>
${range(x0, x1)
  .map((e) => verticalRule(x(10 ** e), tick(e)))
  .join('\n')}
${range(y0, y1)
  .filter((e) => (y1 - e) % every === 0)
  .map((e) => horizontalRule(y(10 ** e), tick(e)))
  .join('\n')}
<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${round(y(epsilon))}" y2="${round(y(epsilon))}" stroke="#b00" stroke-dasharray="6 4"/>
<text x="${WIDTH - RIGHT - 4}" y="${round(y(epsilon) - 5)}" text-anchor="end" fill="#b00">ε = ${epsilon.toExponential(0)}</text>
${series.map((one, i) => drawn(one, i, x, y)).join('\n')}
<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 12}" text-anchor="middle" fill="#111">seconds from data in memory (log scale)</text>
<text transform="translate(18 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle" fill="#111">relative error (log scale)</text>
</svg>
`;
}

function seriesOf(lines) {
  const names = [...new Set(lines.map(({ program }) => program))].filter(
    (name) => !name.startsWith('softmargin,'),
  );
  return names
    .map((name) => {
      const points = lines
        .filter(({ program, error }) => program === name && Number.isFinite(error))
        .map(({ seconds, error }) => ({ seconds, error: Math.max(error, FLOOR) }))
        .sort((a, b) => a.seconds - b.seconds || a.error - b.error);
      return { name, points, frontier: frontier(points) };
    })
    .filter(({ points }) => points.length > 0);
}

/** Of points by rising seconds those with a smaller error than all before. */
function frontier(points) {
  let least = Infinity;
  return points.filter(({ error }) => {
    if (error >= least) return false;
    least = error;
    return true;
  });
}

function drawn({ name, points, frontier }, i, x, y) {
  const colour = COLOURS[i % COLOURS.length];
  const isFirst = i === 0;
  const dash = i < COLOURS.length ? '' : ' stroke-dasharray="3 3"';
  const path = frontier.map((p) => `${round(x(p.seconds))},${round(y(p.error))}`).join(' ');
  const dots = points.map(
    (p) => `<circle cx="${round(x(p.seconds))}" cy="${round(y(p.error))}" r="${isFirst ? 4 : 3}"/>`,
  );
  const row = TOP + 10 + 20 * i;
  const key = WIDTH - RIGHT + 16;
  return `<g fill="${colour}" stroke="none"><polyline points="${path}" fill="none" stroke="${colour}" stroke-width="${isFirst ? 3 : 1.6}"${dash}/>${dots.join('')}
<line x1="${key}" x2="${key + 22}" y1="${row - 4}" y2="${row - 4}" stroke="${colour}" stroke-width="${isFirst ? 3 : 1.6}"${dash}/><text x="${key + 28}" y="${row}" fill="#111"${isFirst ? ' font-weight="600"' : ''}>${escaped(name)}</text></g>`;
}

function inWords(series, epsilon) {
  const sentences = series.map(({ name, points }) => {
    const enough = points.find(({ error }) => error <= epsilon);
    return enough
      ? `${name} reaches ${epsilon.toExponential(0)} in ${enough.seconds.toPrecision(2)} s`
      : `${name} does not reach it, best ${Math.min(...points.map((p) => p.error)).toExponential(1)}`;
  });
  return `${sentences.join('; ')}.`;
}

function verticalRule(x, label) {
  return `<line x1="${round(x)}" x2="${round(x)}" y1="${TOP}" y2="${HEIGHT - BOTTOM}" stroke="#e2e2e2"/><text x="${round(x)}" y="${HEIGHT - BOTTOM + 20}" text-anchor="middle" fill="#444">${label}</text>`;
}

function horizontalRule(y, label) {
  return `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${round(y)}" y2="${round(y)}" stroke="#e2e2e2"/><text x="${LEFT - 8}" y="${round(y + 4)}" text-anchor="end" fill="#444">${label}</text>`;
}

/** 0.001 to 1000 as numbers, smaller ones as powers. */
function tick(exponent) {
  return exponent >= -3 && exponent <= 3 ? `${10 ** exponent}` : `1e${exponent}`;
}

/** The exponents of the decades that hold all of the numbers. */
function decades(numbers) {
  const logs = numbers.map(Math.log10);
  const low = Math.floor(Math.min(...logs) + 1e-9);
  return [low, Math.max(low + 1, Math.ceil(Math.max(...logs) - 1e-9))];
}

function empty(title) {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="60" role="img"><title>${escaped(title)}</title><text x="20" y="36" font-family="sans-serif">${escaped(title)}: nobody finished a run</text></svg>\n`;
}

function range(from, to) {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

function round(value) {
  return Number(value.toFixed(1));
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

// The fits as Markdown: softmargin against the best peer, against the slow ones, one thread against two, and the
// geometric means.

import { seconds, spread, table } from './format.js';
import { fastestPeer, isOurs } from './kinds/fit.js';
import { geometricMean } from './statistics.js';

/** Peers that are to be left behind by far; they are no yardstick for the others. */
const CHASED = ['tfjs', 'ml-logistic-regression'];

export function fitTables(results) {
  const softmax = results.filter(
    ({ problem, name }) => problem.loss === 'softmax' && !name.includes('binary'),
  );
  const binary = results.filter(({ name }) => name.includes('binary'));
  const hinge = results.filter(({ problem }) => problem.loss === 'hinge');
  return [
    section('Softmax', softmax),
    means(softmax),
    section('Two classes', binary),
    hingeSection(hinge),
    chasedSection(results),
    threadSection(results),
    ownSection(results),
  ]
    .filter((text) => text !== '')
    .join('\n\n');
}

/** How many times as fast softmargin is: a number, or a lower bound where no peer got there within its limit. */
export function ratioToPeers({ times, limits }) {
  const ours = oursOf(times);
  if (ours === undefined) return null;
  const peer = fastestPeer(times.filter(({ program }) => !isChased(program)));
  if (peer !== undefined) return { value: peer.seconds / ours.seconds, isBound: false };
  const waited = leastWait(limits);
  return waited === null ? null : { value: waited / ours.seconds, isBound: true };
}

/** Seconds that no peer was fast enough for; null where none was given up for its time. */
function leastWait(limits) {
  const waits = Object.entries(limits).filter(([name, limit]) => !isChased(name) && limit !== null);
  return waits.length === 0 ? null : Math.min(...waits.map(([, limit]) => limit));
}

function oursOf(times) {
  return times.find(({ program }) => program === 'softmargin');
}

function isChased(program) {
  return CHASED.some((name) => program.startsWith(name));
}

function section(title, results) {
  if (results.length === 0) return '';
  const rows = results.map((result) => {
    const { name, shape, times, aim, labels } = result;
    const peers = times
      .filter((t) => !isOurs(t) && !isChased(t.program))
      .sort((a, b) => a.seconds - b.seconds);
    const [best, ...rest] = peers;
    return [
      name,
      `${shape.nSamples} × ${shape.nFeatures}, ${shape.nClasses[labels ?? '']}`,
      spread(oursOf(times)),
      best ? `${best.program} ${spread(best)}` : missed(result),
      rest.map((t) => `${t.program} ${seconds(t.seconds)}`).join('; '),
      showRatio(ratioToPeers(result)),
      `${aim} ×`,
    ];
  });
  const head = ['case', 'rows × features, classes', 'softmargin', 'best peer', 'other peers', 'ratio', 'aim'];
  return `## ${title}: seconds to ε = 1e-6\n\n${table(head, rows)}`;
}

function missed({ limits }) {
  const waited = leastWait(limits);
  if (waited !== null) return `none in ${seconds(waited)}`;
  return Object.keys(limits).some((name) => !isChased(name)) ? 'none at any setting' : 'none asked';
}

function showRatio(ratio) {
  return ratio === null ? '–' : `${ratio.isBound ? '> ' : ''}${ratio.value.toFixed(1)} ×`;
}

function means(softmax) {
  const ratios = softmax.map(ratioToPeers).filter((ratio) => ratio !== null);
  if (ratios.length === 0) return '';
  const bounds = ratios.filter(({ isBound }) => isBound).length;
  const mean = geometricMean(ratios.map(({ value }) => value)).toFixed(1);
  return `Geometric mean over these ${ratios.length} cases against the best peer: **${mean} ×**${
    bounds > 0 ? `, of which ${bounds} enter with a lower bound` : ''
  }.`;
}

function hingeSection(results) {
  if (results.length === 0) return '';
  const rows = results.map((result) => {
    const ours = oursOf(result.times);
    const peer = fastestPeer(result.times);
    const percent = (line) => (line?.accuracy == null ? '–' : `${(100 * line.accuracy).toFixed(2)} %`);
    return [
      result.name,
      spread(ours),
      percent(ours),
      peer ? spread(peer) : missed(result),
      percent(peer),
      showRatio(ratioToPeers(result)),
      `${result.aim} ×`,
    ];
  });
  const head = ['case', 'softmargin', 'held out', 'LIBLINEAR -s 4', 'held out', 'ratio', 'aim'];
  return `## Hinge: seconds to a relative gap of 1e-3

softmargin's gap is certified, for the Weston–Watkins hinge; LIBLINEAR minimizes another hinge (Crammer–Singer), and its
gap is the distance to the best value that it reached itself.

${table(head, rows)}`;
}

function chasedSection(results) {
  const asked = results.filter(({ limits }) => Object.keys(limits).some(isChased));
  if (asked.length === 0) return '';
  const rows = asked.map(({ name, times, lines, limits }) => {
    const ours = oursOf(times);
    const cells = CHASED.flatMap((peer) => chasedCells(peer, { ours, times, lines, limit: limits[peer] }));
    return [name, seconds(ours?.seconds), ...cells];
  });
  const head = ['case', 'softmargin', 'TensorFlow.js (wasm)', 'ratio', 'ml-logistic-regression', 'ratio'];
  return `## Against JavaScript's own\n\n${table(head, rows)}`;
}

/** What a chased peer took, and how many times as long as softmargin that is. */
function chasedCells(peer, { ours, times, lines, limit }) {
  if (limit === undefined) return ['–', '–'];
  const isTheirs = ({ program }) => program.startsWith(peer);
  const reached = times.filter(isTheirs).sort((a, b) => a.seconds - b.seconds)[0];
  if (!reached && limit === null) {
    const hasDiverged = lines.some((line) => isTheirs(line) && line.objective === null);
    return [hasDiverged ? 'diverged' : 'at no setting', '–'];
  }
  const shown = reached ? seconds(reached.seconds) : `not in ${seconds(limit)}`;
  if (!ours) return [shown, '–'];
  const ratio = (reached?.seconds ?? limit) / ours.seconds;
  return [shown, `${reached ? '' : '> '}${ratio.toFixed(0)} ×`];
}

function threadSection(results) {
  const rows = results.flatMap(({ name, lines }) => {
    const [first, one, two] = ['first fit', '1 thread', '2 threads'].map((what) =>
      lines.find(({ program }) => program === `softmargin, ${what}`),
    );
    if (!one || !two) return [];
    return [
      [
        name,
        seconds(first?.seconds),
        spread(one),
        spread(two),
        `${(one.seconds / two.seconds).toFixed(2)} ×`,
      ],
    ];
  });
  if (rows.length === 0) return '';
  return `## The second thread, and the first fit of a process

A process's first fit of a case runs while its code is still being compiled; it has the default tolerance.

${table(['case', 'first fit', '1 thread', '2 threads', 'ratio'], rows)}`;
}

function ownSection(results) {
  const rows = results.flatMap(({ name, times }) => {
    const ours = oursOf(times);
    const named = times
      .filter(({ program }) => /^softmargin [a-z]/.test(program))
      .sort((a, b) => a.seconds - b.seconds);
    if (!ours || named.length === 0) return [];
    const list = named
      .map((t) => `${t.program.slice('softmargin '.length)} ${seconds(t.seconds)}`)
      .join('; ');
    return [
      [
        name,
        `${ours.solver} ${seconds(ours.seconds)}`,
        list,
        `${(ours.seconds / named[0].seconds).toFixed(2)} ×`,
      ],
    ];
  });
  if (rows.length === 0) return '';
  return `## The automatic choice against our own algorithms\n\n${table(['case', 'chosen', 'by name', 'chosen ÷ best'], rows)}`;
}

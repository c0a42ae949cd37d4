/**
 * The numbers of the classic lecture on linear classification, computed by the library.
 *
 *   npm run lecture              (any Node: compiles this file first)
 *   node examples/lecture.ts     (Node 22.18 or later reads TypeScript itself)
 */

import { pathToFileURL } from 'node:url';
import { crossEntropy, fit, hinge, l1, l2, softmax } from '../dist/node.js';

const classes = ['cat', 'car', 'frog'];
const images = [
  { of: 'cat', scores: [3.2, 5.1, -1.7] },
  { of: 'car', scores: [1.3, 4.9, 2.0] },
  { of: 'frog', scores: [2.2, 2.5, -3.1] },
];

/** The lines that this program prints. */
export async function lecture(): Promise<string[]> {
  return [...softmaxStory(), '', ...hingeStory(), '', ...penaltyStory(), '', ...(await separableStory())];
}

/** Scores → exp → probabilities → loss, for the cat that is taken for a car. */
function softmaxStory(): string[] {
  const [cat] = images;
  const p = softmax(cat.scores);
  const loss = crossEntropy(cat.scores, classes.indexOf(cat.of));
  return [
    'Softmax and cross-entropy: an image of a cat',
    ...classes.map((name, k) =>
      [
        name.padEnd(4),
        `score ${cat.scores[k].toFixed(1).padStart(4)}`,
        `exp ${Math.exp(cat.scores[k]).toFixed(2).padStart(6)}`,
        `probability ${p[k].toFixed(4)}`,
      ].join('   '),
    ),
    `loss -log(${p[0].toFixed(4)}) = ${loss.toFixed(4)}   (${(loss / Math.LN10).toFixed(3)} with log10, as old slides have it)`,
  ];
}

/** Three images, the mean loss, and why W is not unique without a penalty. */
function hingeStory(): string[] {
  const losses = images.map(({ scores, of }) => hinge(scores, classes.indexOf(of)));
  const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  const doubled = images[1].scores.map((score) => 2 * score);
  return [
    'Multiclass hinge, margin 1',
    ...images.map(
      ({ of, scores }, i) =>
        `${of.padEnd(4)}   scores ${scores.join(', ')}   loss ${Number(losses[i].toFixed(4))}`,
    ),
    `mean loss ${mean.toFixed(4)}`,
    `the car with W: loss ${losses[1]}; with 2W: loss ${hinge(doubled, 1)}: without a penalty W is not unique`,
  ];
}

/** Both weight vectors score 1 on x = (1, 1, 1, 1); the penalties tell them apart. */
function penaltyStory(): string[] {
  const vectors = [
    [1, 0, 0, 0],
    [0.25, 0.25, 0.25, 0.25],
  ];
  return [
    'Penalties: two weight vectors with the same score on x = (1, 1, 1, 1)',
    ...vectors.map((w) => `w = (${w.join(', ')})   L2 ${l2.value(w)}   L1 ${l1.value(w)}`),
    'L2 prefers the spread one; to L1 both cost the same, and it makes weights exactly 0 where it can',
  ];
}

/** Separable data: no finite optimum without a penalty, one certified optimum with it. */
async function separableStory(): Promise<string[]> {
  const X = [
    [-2, 1],
    [-1, 0],
    [-1.5, -1],
    [1, 0.5],
    [2, -0.5],
    [1.5, 1],
  ];
  const y = ['left', 'left', 'left', 'right', 'right', 'right'];
  const free = await fit({ X, y }, { lambda: 0 });
  const held = await fit({ X, y }, { lambda: 0.1 });
  return [
    'Softmax on data that a line separates',
    `lambda 0: status ${free.status}, classes that separate: ${free.separatedClasses.join(', ')}; every longer W is better, so there is no optimum`,
    `lambda 0.1: status ${held.status}, objective ${held.objective.toFixed(4)}, relative gap at most ${held.certificate?.tolerance}`,
  ];
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log((await lecture()).join('\n'));
}

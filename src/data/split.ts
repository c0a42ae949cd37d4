import { RANDOM_STREAM, randomSequence, shuffle } from './random.ts';

/**
 * Marks with 1 the samples that are held out: of each class round(fraction · count), chosen at random, but
 * never all of them. The choice depends on the labels, the fraction and the seed only.
 */
export function stratifiedSplit(
  labels: Uint32Array,
  nClasses: number,
  fraction: number,
  seed: number,
): Uint8Array {
  const samplesOf = Array.from({ length: nClasses }, () => [] as number[]);
  for (let i = 0; i < labels.length; i++) samplesOf[labels[i]].push(i);
  const heldOut = new Uint8Array(labels.length);
  const random = randomSequence(seed, RANDOM_STREAM.split);
  for (const samples of samplesOf) {
    const order = Uint32Array.from(samples);
    shuffle(order, random);
    const count = Math.min(Math.round(fraction * order.length), order.length - 1);
    for (let i = 0; i < count; i++) heldOut[order[i]] = 1;
  }
  return heldOut;
}

import { expectNumber } from '../errors.ts';
import { expectClassIndex, expectLength } from './softmax.ts';

/**
 * Weston–Watkins multiclass hinge, summed over the wrong classes:
 *   ℓ(s, y) = Σ_{j≠y} max(0, s_j − s_y + margin)
 *
 * Throws RangeError for no scores, scores that are not finite, y that is not a class index, and a margin
 * that is not > 0 (default 1). Source: Weston & Watkins, Support vector machines for multi-class pattern
 * recognition, ESANN 1999.
 */
export function hinge(scores: ArrayLike<number>, y: number, margin = 1): number {
  expectHingeArguments(scores, y, margin);
  let sum = 0;
  for (let j = 0; j < scores.length; j++) {
    const violation = scores[j] - scores[y] + margin;
    if (j !== y && violation > 0) sum += violation;
  }
  return sum;
}

/**
 * ∂ℓ/∂s of the hinge: 1 for every wrong class that violates the margin, at y minus their number. At a kink
 * (a term exactly 0) the subgradient 0 is taken. Returns a new Float64Array, or fills and returns
 * `gradient`. Errors as in hinge.
 */
export function hingeGradient(
  scores: ArrayLike<number>,
  y: number,
  margin = 1,
  gradient = new Float64Array(scores.length),
): Float64Array {
  expectHingeArguments(scores, y, margin);
  expectLength('gradient', gradient, scores.length);
  const trueScore = scores[y];
  let violations = 0;
  for (let j = 0; j < scores.length; j++) {
    const violates = j !== y && scores[j] - trueScore + margin > 0;
    gradient[j] = violates ? 1 : 0;
    if (violates) violations++;
  }
  gradient[y] = violations === 0 ? 0 : -violations;
  return gradient;
}

function expectHingeArguments(scores: ArrayLike<number>, y: number, margin: number): void {
  if (scores.length === 0) throw new RangeError('"scores" expected at least one score, got none');
  for (let k = 0; k < scores.length; k++) {
    if (!Number.isFinite(scores[k])) {
      throw new RangeError(`"scores[${k}]" expected a finite number, got ${scores[k]}`);
    }
  }
  expectClassIndex(y, scores.length);
  expectNumber('margin', margin, 'a number > 0', (value) => value > 0);
}

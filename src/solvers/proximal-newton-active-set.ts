import type { Objective } from '../problem/objective.ts';
import type { OrthantPoint } from './orthant-line-search.ts';

/**
 * Writes the indices of the variables that Newton's step may move into `free` and returns how many: all
 * intercepts, weights other than 0, and zero weights whose subgradient pushes them off 0.
 *
 * Without ridge a feature leaves at least one class out: adding one number to a feature's weights in all
 * classes changes no loss, so with all of them free the Hessian is singular along that line.
 */
export function freeVariables(
  { layout, penalty, intercept }: Objective,
  { theta, subgradient }: OrthantPoint,
  free: Int32Array,
): number {
  const { nFeatures, nClasses, stride } = layout;
  let count = 0;
  for (let j = 0; j < nFeatures; j++) {
    const first = count;
    const base = j * stride;
    for (let i = base; i < base + nClasses; i++) {
      if (theta[i] !== 0 || subgradient[i] !== 0) free[count++] = i;
    }
    if (penalty.ridge > 0 || nClasses === 1 || count - first < nClasses) continue;
    let least = first;
    for (let a = first + 1; a < count; a++) {
      if (Math.abs(theta[free[a]]) < Math.abs(theta[free[least]])) least = a;
    }
    free.copyWithin(least, least + 1, count);
    count--;
  }
  if (!intercept) return count;
  for (let k = 0; k < nClasses; k++) free[count++] = nFeatures * stride + k;
  return count;
}

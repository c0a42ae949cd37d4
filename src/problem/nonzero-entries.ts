import type { DesignMatrix } from '../data/design-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { type ActiveEntries, activeEntries } from './active-entries.ts';
import { activeScoreEntries } from './active-score-entries.ts';
import type { ParameterLayout } from './parameters.ts';

/**
 * Up to this part of the values nonzero the Hessian of uncentred sparse rows comes from their nonzeros, one thread and
 * one product at a time; beyond, from copied columns on all threads. Reckoned to be level at 0.15, not measured.
 */
const SPARSE = 0.1;
/** The same for one score, whose pairs cost a third and go to all threads as well. */
const SPARSE_SCORE = 0.3;

/** What builds an active Hessian from the rows' nonzeros; null where copied columns are the better way. */
export function nonzeroEntries(
  runtime: Runtime,
  matrix: DesignMatrix,
  layout: ParameterLayout,
  capacity: number,
): ActiveEntries | null {
  if (matrix.kind === 'dense' || matrix.center !== 0) return null;
  const { nClasses } = layout;
  const density = matrix.nonzeros / (matrix.nSamples * matrix.nFeatures);
  if (density > (nClasses === 1 ? SPARSE_SCORE : SPARSE)) return null;
  if (nClasses === 1) return activeScoreEntries(runtime, matrix, capacity);
  return activeEntries(runtime, matrix, layout, capacity);
}

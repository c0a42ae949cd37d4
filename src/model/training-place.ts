import type { MatrixSize } from '../data/design-matrix.ts';
import { mayLead } from '../runtime/leading-runtime.ts';
import type { Platform } from '../runtime/platform.ts';

/** Where a fit's solver runs: on the calling thread or in a worker, and how many threads that one leads, with itself. */
export interface TrainingPlace {
  readonly kind: 'here' | 'worker';
  readonly threads: number;
}

/** What one thread does, roughly: products and sums a second in a pass, dense and gathered. */
const DENSE_RATE = 8e9;
const SPARSE_RATE = 2e9;
/** exp and log of one score. */
const SCORE_SECONDS = 4e-9;
/** Passes of a typical fit. */
const TYPICAL_PASSES = 60;
/** The same of more dense features than rows: fits go through the rows' products, or a copy of the columns that count. */
const WIDE_PASSES = 25;
/**
 * Seconds of work from which a worker pays. It answers after 0.4 to 0.8 of the time in which `node -e 0`
 * starts and ends on the same machine, some 30 ms on an idle one; and a calling thread that works a tenth of
 * a second, in slices, is not felt.
 */
const WORKER_SECONDS = 0.15;
/**
 * Seconds of work from which the calling thread starts others to lead. That takes 5 ms, and they come some 30 ms later:
 * too late for a process's first fit unless it is this much longer.
 */
const HELP_SECONDS = 0.01;
const FIRST_HELP_SECONDS = 0.05;
/** Each thread should have this much of a pass, or handing it out costs more than it saves. */
const SECONDS_PER_THREAD = 50e-6;
/** More than this many threads seldom gain: passes are bound by memory then. */
const DEFAULT_THREADS = 8;

/**
 * Chooses by the size of a pass; `threads` null means as many as are good, `cold` that the memory's first fit finds no other thread waiting.
 * The model does not depend on it.
 */
export function trainingPlace(
  platform: Platform,
  matrix: MatrixSize,
  nClasses: number,
  threads: number | null,
  cold = false,
): TrainingPlace {
  const passTime = passSeconds(matrix, nClasses);
  const wide = matrix.kind === 'dense' && matrix.stride > matrix.nSamples;
  const seconds = (wide ? WIDE_PASSES : TYPICAL_PASSES) * passTime;
  const useful = Math.max(1, Math.floor(passTime / SECONDS_PER_THREAD));
  const available = threads ?? Math.min(platform.processors(), DEFAULT_THREADS);
  const most = Math.min(available, useful);
  if (seconds >= WORKER_SECONDS && platform.canShareMemory()) return { kind: 'worker', threads: most };
  const helped = seconds >= (cold ? FIRST_HELP_SECONDS : HELP_SECONDS) && mayLead(platform);
  return { kind: 'here', threads: helped ? most : 1 };
}

/** One X·W and one Xᵀ·R on one thread. */
function passSeconds(matrix: MatrixSize, nClasses: number): number {
  const { nSamples } = matrix;
  // Two classes share one score.
  const columns = nClasses === 2 ? 1 : Math.ceil(nClasses / 4) * 4;
  const products =
    matrix.kind === 'dense'
      ? (4 * nSamples * matrix.stride * columns) / DENSE_RATE
      : (4 * matrix.nonzeros * columns) / SPARSE_RATE;
  return products + nSamples * nClasses * SCORE_SECONDS;
}

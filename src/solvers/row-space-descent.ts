import type { TrainingSet } from '../data/design-matrix.ts';
import type { Objective } from '../problem/objective.ts';
import { parameterLayout, scoreLayout } from '../problem/parameters.ts';
import { passProducts } from '../problem/pass-products.ts';
import type { Problem } from '../problem/problem.ts';
import { type Expansion, type RowPrecision, type RowSpace, rowSpace } from '../problem/row-space.ts';
import { rowSpaceCertificate } from '../problem/row-space-certificate.ts';
import { softmaxObjective } from '../problem/softmax-objective.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { singleThreadRuntime } from '../runtime/single-thread.ts';
import { lbfgs } from './lbfgs.ts';
import { isCutOff } from './path-stage.ts';
import { type Preconditioner, scaledParts } from './preconditioner.ts';
import type { SolverOptions, SolverRun } from './solver.ts';
import { Stages } from './stages.ts';

export const ROW_SPACE = 'row-space';

/** The part of the tolerance that the problem on coordinates is solved to. */
const INNER_PART = 0.1;
/** What rounding in W may take of the tolerance, at most. */
const ROUNDING_PART = 1e-3;
/** With fewer rows X Xᵀ is so small that rounding gains nothing: 48 × 10 000 took 3.2 ms of CPU either way, 64 4.1 and 3.7. */
const QUANTIZED_ROWS = 64;
/** Quantized rows ended at 2e-8 and 3e-8 for tolerances of 1e-7 and 1e-8 (wide). */
const QUANTIZED_TOLERANCE = 1e-7;
/** L-BFGS takes so many over coordinates, at most λ. */
const TYPICAL_PASSES = 40;
const AFFORDABLE_PASSES = 25;
/** Passes over coordinates of fewer products, 0.1 ms, gain nothing from other threads: 200 × 4 of them 5 ms, with two 7. */
const ALONE = 4e5;

export function supportsRowSpace({ loss, penalty, dropout, trainingSet: { matrix } }: Problem): boolean {
  const smooth = loss.kind !== 'hinge' && penalty.ridge > 0 && penalty.lasso === 0 && dropout === 0;
  return smooth && matrix.kind === 'dense';
}

/**
 * L-BFGS on the rows' coordinates in their own span (see row-space.ts), n of them instead of d features, and a
 * certificate by the rows' products. Where that falls short, on the features themselves from there: what rounding left to
 * do. For fewer rows than features.
 *
 * A θ that is not 0 is a warm start on the features. `passes` counts a pass over coordinates as its part of one.
 */
export function* rowSpaceDescent(
  runtime: Runtime,
  problem: Problem,
  theta: Float64Array,
  options: SolverOptions,
): SolverRun {
  const { arena } = runtime;
  const { trainingSet, loss } = problem;
  const { nSamples, nFeatures } = trainingSet.matrix;
  const stages = new Stages(options);

  // Loops over all of θ here would mostly run before they are compiled.
  const squares = () => runtime.kernels.dot(theta.byteOffset, theta.byteOffset, theta.length);
  let nearOptimum = false;
  let before: Pick<Expansion, 'coefficients' | 'stride'> | null = null;
  for (const precision of squares() === 0 ? precisions(problem, options) : []) {
    const mark = arena.mark();
    const layout =
      loss.kind === 'logistic' ? scoreLayout(nFeatures) : parameterLayout(nFeatures, trainingSet.nClasses);
    const space = rowSpace(runtime, trainingSet, layout, precision);
    stages.passes += gramPasses(trainingSet, precision);
    const coordinates = arena.allocateF64((nSamples + 1) * layout.stride);
    if (before !== null) {
      space.coordinatesOf(before.coefficients, before.stride, coordinates);
      coordinates.set(theta.subarray(nFeatures * layout.stride), nSamples * layout.stride);
    }
    const inner =
      nSamples ** 2 * layout.stride < ALONE ? singleThreadRuntime(arena, runtime.kernels) : runtime;
    const objective = softmaxObjective(inner, { ...problem, trainingSet: space.trainingSet });
    const innerGap = INNER_PART * options.tolerance;
    const diagonal = unitsOf(problem, space, objective);
    const settings = { innerGap, uncertified: true, ...(diagonal && { diagonal }) };
    const run = lbfgs(objective, coordinates, stages.rest(), settings);
    const found = yield* stages.run(run, nSamples / nFeatures);
    stages.passes += 1;
    const inexactness = Math.sqrt(ROUNDING_PART * options.tolerance);
    const expansion = space.expand(coordinates, theta, inexactness);
    // Rows of 1e19 and more overflow in their products, which are single precision.
    nearOptimum = Number.isFinite(squares());
    before = nearOptimum ? { coefficients: expansion.coefficients.slice(), stride: expansion.stride } : null;
    if (!nearOptimum) theta.fill(0);
    const point =
      nearOptimum && loss.kind === 'softmax'
        ? rowSpaceCertificate(runtime, problem, theta, expansion, space.products)
        : null;
    arena.release(mark);
    const certificate = point?.certificate ?? null;
    if (point !== null && certificate !== null && certificate.relativeGap <= options.tolerance) {
      const { iterations, passes } = stages;
      return { ...point, ...certificate, status: 'converged', solver: ROW_SPACE, theta, iterations, passes };
    }
    if (isCutOff(found.status) || (nearOptimum && certificate === null)) break;
  }
  const whole = lbfgs(softmaxObjective(runtime, problem), theta, stages.rest(), { nearOptimum });
  const solution = yield* stages.run(whole, 1);
  return { ...solution, solver: ROW_SPACE, iterations: stages.iterations, passes: stages.passes };
}

/**
 * Whether X Xᵀ, its factor and the passes over coordinates cost less than L-BFGS does on the features: 25 to 60 passes
 * at most λ (200 × 10 000, 4 classes; X Xᵀ is worth 13 there).
 */
export function suitsRowSpace(trainingSet: TrainingSet): boolean {
  const { kind, nSamples: n, nFeatures: d } = trainingSet.matrix;
  if (kind !== 'dense') return false;
  return gramPasses(trainingSet, 'single') + (TYPICAL_PASSES * n) / d <= AFFORDABLE_PASSES;
}

/** Scores that the first step, along the gradient, is to lead to. */
const FIRST_SCORES = 7;

/**
 * L-BFGS's first metric. An intercept has less curvature than a coordinate: over n of these the rows' mean ‖x‖² is spread,
 * and the ridge adds to each; both shrink alike as probabilities saturate. None where rows depend on others, of which
 * centring makes one: what tells them apart is rounding then, and steps are of all lengths.
 */
function unitsOf(
  { trainingSet, penalty }: Problem,
  { rank, products: { values, rowStride } }: RowSpace,
  objective: Objective,
): Preconditioner | undefined {
  const { nSamples } = trainingSet.matrix;
  if (rank < nSamples - 1) return undefined;
  let spread = 0;
  for (let i = 0; i < nSamples; i++) spread += values[i * rowStride + i] / nSamples ** 2;
  const unit = FIRST_SCORES ** 2 / spread;
  if (!(unit > 0 && unit < Infinity)) return undefined;
  return scaledParts(objective, unit, unit * (spread + 2 * penalty.ridge * trainingSet.nClasses));
}

/** Quantized rows first, single precision where they fall short; that alone where nothing would tell, or they would. */
function precisions({ loss, trainingSet }: Problem, { tolerance }: SolverOptions): readonly RowPrecision[] {
  const suits = loss.kind === 'softmax' && trainingSet.matrix.nSamples >= QUANTIZED_ROWS;
  return suits && tolerance >= QUANTIZED_TOLERANCE ? ['quantized', 'single'] : ['single'];
}

/** What X Xᵀ and its factor cost, in passes over the data. */
function gramPasses({ matrix, nClasses }: TrainingSet, precision: RowPrecision): number {
  const { nSamples: n, nFeatures: d } = matrix;
  const products = (n * n * d) / (precision === 'quantized' ? 4 : 2);
  return (products + n ** 3) / passProducts(matrix, nClasses);
}

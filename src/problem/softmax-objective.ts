import type { Arena } from '../runtime/arena.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { activeHessian } from './active-hessian.ts';
import { type ClassHessians, classHessians, suitsClassHessians } from './class-hessians.ts';
import type { ClassMoments } from './class-moments.ts';
import { columnScales } from './column-scales.ts';
import { compositeObjective } from './composite-objective.ts';
import { dataPasses } from './data-passes.ts';
import { logisticPasses } from './logistic-passes.ts';
import type { Objective } from './objective.ts';
import { parameterLayout } from './parameters.ts';
import type { Problem } from './problem.ts';
import { rowSpread } from './row-spread.ts';
import { separabilityTest } from './separability.ts';
import { supportModel } from './support-model.ts';
import { putOneScore } from './two-classes.ts';
import { vectorSpace } from './vector-space.ts';
import { weightTermsOn } from './weight-terms.ts';

/**
 * The objective of a softmax problem (logistic: in its form with one score) on the kernels, with any penalty or none.
 * `moments`: of an objective of the same rows with these columns and others, which saves the passes that find them.
 */
export function softmaxObjective(
  runtime: Runtime,
  problem: Problem,
  moments: ClassMoments | null = null,
): Objective {
  const { arena } = runtime;
  const { trainingSet, penalty, intercept, loss } = problem;
  const oneScore = loss.kind === 'logistic';
  const passes = oneScore ? logisticPasses(runtime, trainingSet) : dataPasses(runtime, trainingSet, SOFTMAX);
  const unpenalized = penalty.ridge === 0 && penalty.lasso === 0;
  const { probabilities } = passes;
  const withHessians = penalty.lasso > 0 && probabilities;
  const { matrix } = trainingSet;
  const hasRoom = matrix.kind === 'dense' && suitsClassHessians(matrix.nSamples, passes.layout);
  const isClasswise = withHessians && !oneScore && hasRoom;
  let hessians: ClassHessians | null = null;
  return compositeObjective(passes, vectorSpace(runtime), penalty, {
    intercept,
    loss,
    moments,
    weightTerms: weightTermsOn(runtime),
    scales: () => columnScales(runtime, trainingSet),
    spread: () => rowSpread(arena, matrix),
    separatedClasses: unpenalized ? separatedClasses(arena, problem) : null,
    activeHessian: withHessians ? activeHessian(runtime, trainingSet, passes.layout, probabilities) : null,
    classHessians: isClasswise
      ? () => {
          hessians ??= classHessians(runtime, trainingSet, passes.layout, probabilities);
          return hessians;
        }
      : null,
    supportModel:
      withHessians && !oneScore && matrix.kind === 'dense'
        ? () => supportModel(runtime, { ...trainingSet, matrix }, passes.layout, probabilities)
        : null,
  });
}

const SOFTMAX = { kind: 'softmax' } as const;

function separatedClasses(
  arena: Arena,
  { trainingSet, intercept, loss }: Problem,
): (theta: Float64Array) => readonly number[] {
  const layout = parameterLayout(trainingSet.matrix.nFeatures, trainingSet.nClasses);
  const test = separabilityTest(arena, trainingSet, layout, intercept);
  if (loss.kind !== 'logistic') return test;
  const both = new Float64Array(layout.size);
  return (theta) => {
    putOneScore(theta, layout, both);
    return test(both);
  };
}

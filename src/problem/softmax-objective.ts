import type { Runtime } from '../runtime/runtime.ts';
import { activeHessian } from './active-hessian.ts';
import { columnScales } from './column-scales.ts';
import { compositeObjective } from './composite-objective.ts';
import { dataPasses } from './data-passes.ts';
import type { Objective } from './objective.ts';
import type { Problem } from './problem.ts';
import { separabilityTest } from './separability.ts';
import { vectorSpace } from './vector-space.ts';

/** The objective of a softmax problem on the kernels, with any penalty or none. */
export function softmaxObjective(runtime: Runtime, { trainingSet, penalty, intercept }: Problem): Objective {
  const { arena } = runtime;
  const loss = { kind: 'softmax' } as const;
  const passes = dataPasses(runtime, trainingSet, loss);
  const unpenalized = penalty.ridge === 0 && penalty.lasso === 0;
  const { probabilities } = passes;
  return compositeObjective(passes, vectorSpace(runtime), penalty, {
    intercept,
    loss,
    scales: columnScales(arena, trainingSet),
    separatedClasses: unpenalized ? separabilityTest(arena, trainingSet, passes.layout, intercept) : null,
    activeHessian:
      penalty.lasso > 0 && probabilities ? activeHessian(runtime, trainingSet, probabilities) : null,
  });
}

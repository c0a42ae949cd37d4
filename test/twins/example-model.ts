import type { ClassifierState } from '../../src/model/classifier-state.ts';

/** A model of 5 classes and 7 features (an age, its indicator, two categorical columns) with uneven weights. */
export function exampleState(changes: Partial<ClassifierState> = {}): ClassifierState {
  return {
    classes: ['ant', 'bee', 'cat', 'dög', '__proto__'],
    encoding: null,
    featureNames: ['age', 'age (missing)', 'kind=a', 'kind=b', 'kind=ç', 'size=1', 'size (missing)'],
    nFeatures: 7,
    weights: Float64Array.from({ length: 35 }, (_, t) => ((t * 37) % 19) / 7 - 1.3),
    intercepts: Float64Array.of(0.1, -0.2, 0.3, 1e-300, 1 / 3),
    problem: {
      loss: 'softmax',
      penalty: 'l2',
      lambda: 0.01,
      beta: null,
      margin: null,
      dropout: 0,
      standardize: true,
      intercept: true,
    },
    status: 'converged',
    solver: 'lbfgs',
    objective: 0.4217,
    certificate: { objective: 0.4217, lowerBound: 0.42169999, relativeGap: 2.4e-8, tolerance: 1e-6 },
    stationarity: 3e-9,
    iterations: 17,
    passes: 21.5,
    separatedClasses: [],
    ...changes,
  };
}

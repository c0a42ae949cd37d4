import type { TrainingSet } from '../data/design-matrix.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { classBlocks } from './class-blocks.ts';
import { knownScales } from './column-scales.ts';
import { type HingePairs, hingePairs } from './hinge-pairs.ts';
import { passMachine } from './pass-machine.ts';
import { MODES } from './pass-task.ts';
import type { DataPasses, HingeState, PassLoss } from './passes.ts';
import { type SoftmaxPairs, softmaxPairs } from './softmax-pairs.ts';

/**
 * Passes by the kernels over a training set in the runtime's memory, on all of its threads; the same bits for any
 * number of them. X stays where it is; work space is taken from the arena when the passes are made, and for Hessian
 * products when the first is prepared.
 */
export function dataPasses(runtime: Runtime, trainingSet: TrainingSet, initialLoss: PassLoss): DataPasses {
  const machine = passMachine(runtime, trainingSet, initialLoss);
  const { layout } = machine;
  const { matrix } = trainingSet;
  const { nSamples } = matrix;
  const modes = MODES[initialLoss.kind];
  let passes = 0;
  let hinge: HingePairs | null = null;
  let softmax: SoftmaxPairs | null = null;
  let pairs: HingePairs | SoftmaxPairs | null = null;
  let fewPairs = false;
  let mu = initialLoss.kind === 'hinge' ? initialLoss.smoothing : 0;
  machine.setLoss(initialLoss);

  function prepare(theta: Float64Array): Float32Array {
    const kept = machine.keptAt(theta);
    if (kept !== null) return kept;
    passes += 0.5;
    machine.keepProbabilities();
    const prepared = machine.reservePrepared();
    machine.pass(modes.prepare, theta, null, 'single');
    return prepared;
  }

  const hingeState = (margin: number): HingeState => ({
    margin,
    smoothing: () => mu,
    centres: machine.centres,
    curvatures: () => machine.reservePrepared(),
  });
  const softmaxOnly = {
    probabilities: prepare,
    interceptPass(theta: Float64Array, residual: Float64Array, interceptHessian: Float64Array) {
      if (!machine.sumsKeptIntercepts(theta)) {
        passes += 0.5;
        machine.pass(MODES.softmax.intercepts, theta, null, 'single');
      }
      machine.readResidualSums(residual);
      machine.readInterceptHessian(interceptHessian);
      return machine.sum(0) / nSamples;
    },
    scales: () => knownScales(trainingSet, machine.columnScales),
    residuals: machine.residuals,
  };

  return {
    layout,
    nSamples,
    get passes() {
      return passes;
    },
    setSmoothing(smoothing) {
      if (initialLoss.kind !== 'hinge') return;
      mu = smoothing;
      machine.setLoss({ ...initialLoss, smoothing });
    },
    recentre(theta) {
      if (initialLoss.kind !== 'hinge') return;
      passes += 0.5;
      machine.pass(MODES.hinge.recentre, theta, null, 'double');
    },
    lossAndGradient(theta, gradient, precision) {
      passes++;
      machine.pass(modes.loss, theta, gradient, precision);
      return machine.sum(0) / nSamples;
    },
    prepareHessian(theta, negligible = 0) {
      const prepared = prepare(theta);
      fewPairs = false;
      if (initialLoss.kind === 'hinge') {
        hinge ??= hingePairs(runtime, trainingSet);
        fewPairs = hinge.take(prepared);
        pairs = hinge;
      } else if (negligible > 0 && matrix.kind === 'dense') {
        softmax ??= softmaxPairs(runtime, trainingSet, matrix);
        fewPairs = softmax.take(prepared, negligible);
        pairs = softmax;
      }
      return fewPairs && pairs !== null ? pairs.share : 1;
    },
    ...(initialLoss.kind === 'softmax' ? softmaxOnly : {}),
    ...(initialLoss.kind === 'softmax' && matrix.kind === 'dense'
      ? {
          classBlocks(ridge, intercept) {
            machine.keepProbabilities();
            const { list, ...blocks } = classBlocks(runtime, trainingSet, matrix, ridge, intercept);
            return { ...blocks, list: (negligible) => list(machine.reservePrepared(), negligible) };
          },
        }
      : {}),
    ...(initialLoss.kind === 'softmax' && matrix.kind === 'sparse'
      ? {
          interceptShift(change: Float64Array, residual: Float64Array) {
            machine.shift(change);
            machine.readResidualSums(residual);
          },
        }
      : {}),
    ...(machine.interceptProduct ? { interceptProduct: machine.interceptProduct } : {}),
    ...(initialLoss.kind === 'hinge' ? { hinge: hingeState(initialLoss.margin) } : {}),
    hessianProduct(direction, out) {
      if (pairs !== null && fewPairs) {
        passes += pairs.share;
        pairs.product(direction, out);
        return;
      }
      passes++;
      machine.pass(modes.hessian, direction, out, 'single');
    },
    certificatePass(theta, gradient, interceptHessian) {
      passes++;
      const isSoftmax = initialLoss.kind === 'softmax';
      const mode = isSoftmax && interceptHessian === null ? MODES.softmax.bound : modes.certificate;
      machine.pass(mode, theta, gradient, 'double');
      if (interceptHessian !== null) machine.readInterceptHessian(interceptHessian);
      return {
        loss: machine.sum(0) / nSamples,
        dual: machine.sum(8) / nSamples,
        ...(isSoftmax
          ? {
              dualBend: {
                nearOdds: machine.sum(16) / nSamples,
                farLoss: machine.sum(24) / nSamples,
                farOdds: machine.sum(32) / nSamples,
              },
            }
          : {}),
      };
    },
    dualValue(theta, scale) {
      passes += 0.5;
      machine.setDualScale(scale);
      machine.pass(modes.dual, theta, null, 'double');
      return machine.sum(8) / nSamples;
    },
  };
}

import type { DesignMatrix, TrainingSet } from '../data/design-matrix.ts';
import type { Pointer } from '../runtime/arena.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { classFrequencies, sparseColumnScales } from './column-scales.ts';
import { exp } from './elementary.ts';
import { type KeptProbabilities, keptProbabilities, probabilityRoom } from './kept-probabilities.ts';
import { isZero, type ParameterLayout, parameterLayout } from './parameters.ts';
import { PANEL_BYTES, type PassShards, panelShards, passKind, passShards } from './pass-shards.ts';
import { MODES, PADDING_SCORE, type PassTask, partialLayout, passTask, roundUp } from './pass-task.ts';
import type { ColumnScales, PassLoss, Precision } from './passes.ts';
import { listPresentFeatures } from './present-features.ts';

/**
 * A block of rows and its scores stay in the second-level cache between X W and Xᵀ R. More rows spread the cost of
 * adding a block's gradient to its f64 sums, and lengthen what is summed in f32.
 */
const BLOCK_BYTES = 200_000;
const FEWEST_BLOCK_ROWS = 24;
const MOST_BLOCK_ROWS = 60;
/** Rows go by two: only the last block of a shard may end with an odd one. */
const ROW_TILE = 4;
/** Classes, and features, of a tile of the gradient: kernels/class-gradient.ts */
const FEWEST_CLASSES = 3;
const GRADIENT_TILE = 8;
/**
 * Features with weights are looked up one by one where they are at most this part of all: a product then costs up to
 * twice what it does in a row, and listing them goes on until there are more.
 */
const FEW_PRESENT = 1 / 4;
/**
 * With more classes the intercepts' K × K Hessian leaves the second-level cache (128 KB here), and its sums leave room
 * for few shards. The rows' probabilities are kept for products of it instead, where they take at most MOST_KEPT bytes.
 * 10 000 × 20, 1 000 classes: 3.5 to 4.2 s instead of 10.7, after the last iteration 0.3 instead of 5.1.
 */
const MOST_HESSIAN_CLASSES = 128;
const MOST_KEPT = 2 ** 29;
/** Bytes of probabilities that a pass for the loss writes in passing: digits' 86 KB, in 1 of 70 µs. */
const MOST_LEFT = 2 ** 19;

/** What a pass runs: kernels over shards of features (to lay out W, or nothing), of rows, and of features again. */
const KERNELS = {
  dense: {
    single: ['packClasses', 'densePass', 'denseReduce'],
    double: ['packClassesDouble', 'densePassDouble', 'denseReduce'],
  },
  mixed: {
    single: ['packMixed', 'mixedPass', 'mixedReduce'],
    double: ['packClassesDouble', 'densePassDouble', 'denseReduce'],
  },
  compact: {
    single: ['packWeights', 'compactPass', 'compactReduce'],
    double: [null, 'compactPassDouble', 'compactReduce'],
  },
  wide: {
    single: ['packWeights', 'wideRows', 'wideColumns'],
    double: [null, 'wideRowsDouble', 'wideColumnsDouble'],
  },
  sparse: {
    single: ['packWeights', 'sparseRows', 'sparseColumns'],
    double: [null, 'sparseRowsDouble', 'sparseColumnsDouble'],
  },
} as const;

/** The kernels' descriptor, its work space, and how a pass is run. */
export interface PassMachine {
  readonly layout: ParameterLayout;
  /** of the hinge, else 0 */
  readonly centres: Pointer;
  setLoss(loss: PassLoss): void;
  setDualScale(scale: number): void;
  reservePrepared(): Float32Array;
  /** Has softmax's passes for the loss keep the probabilities from now on, where these are few. */
  keepProbabilities(): void;
  /** The same as reservePrepared, with the probabilities at θ, where the last such pass was there; else null. */
  keptAt(theta: Float64Array): Float32Array | null;
  /**
   * Whether the last pass was softmax's for the loss at θ and kept the probabilities: the intercept Hessian is then that of
   * these, beside the pass's own sums.
   */
  sumsKeptIntercepts(theta: Float64Array): boolean;
  pass(mode: number, theta: Float64Array, gradient: Float64Array | null, precision: Precision): void;
  /** Σ over row shards, in their order, of the f64 at byte `offset` of their partial sums */
  sum(offset: number): number;
  readResidualSums(out: Float64Array): void;
  readInterceptHessian(out: Float64Array): void;
  /** Softmax on sparse rows: the residuals that a single-precision pass left, with each intercept moved by `change`. */
  shift(change: Float64Array): void;
  /** Wide rows: what a pass in double that wrote a gradient left, nSamples × stride; else null. */
  readonly residuals: Float64Array | null;
  /** null where there is an intercept Hessian instead */
  readonly interceptProduct: ((direction: Float64Array, out: Float64Array) => void) | null;
  columnScales(): ColumnScales;
}

export function passMachine(runtime: Runtime, trainingSet: TrainingSet, loss: PassLoss): PassMachine {
  const { matrix, nClasses, labels, sampleWeights } = trainingSet;
  const { arena } = runtime;
  const { nSamples, nFeatures } = matrix;
  const layout = parameterLayout(nFeatures, nClasses);
  const { stride } = layout;
  const dense = matrix.kind === 'dense';
  const kind = passKind(matrix);
  const keepsRows =
    loss.kind === 'softmax' && nClasses > MOST_HESSIAN_CLASSES && nSamples * stride * 4 <= MOST_KEPT;
  const shards = passShards(arena, matrix, keepsRows ? 0 : nClasses, stride);
  const nRowShards = shards.rows.length - 1;
  const nFeatureShards = shards.features.length - 1;
  const nPanelShards = panelShards(matrix, stride, runtime.threads);
  const partial = partialLayout(gradientRoom(matrix, nClasses, stride), nClasses, stride, !keepsRows);
  const partialBytes = partial.bytes * Math.max(nRowShards, dense ? 0 : nFeatureShards);
  // Passes by tiles clear what they sum.
  const byTiles = kind === 'dense' || kind === 'mixed';
  const partials = byTiles ? arena.allocateUnset(partialBytes) : arena.allocate(partialBytes);
  const partialNumbers = arena.f64(partials, partialBytes / 8);
  const intercepts = arena.allocateF64(stride);
  const interceptsSingle = arena.allocateF32(stride);
  const residualSums = arena.allocateF64(stride);
  const hessianSums = arena.allocateF64(keepsRows ? 0 : nClasses * stride);
  const compact = (dense && matrix.compact) || null;
  const mixed = (dense && matrix.mixed) || null;
  const center = dense ? ((compact ?? mixed)?.center ?? 0) : matrix.center;
  const centerPartials = arena.allocateF64(center === 0 ? 0 : nFeatureShards * stride);
  const task = passTask(arena);
  const centres = loss.kind === 'hinge' ? arena.allocate(nSamples * stride * 4) : 0;
  task.set({
    inverseCount: 1 / nSamples,
    nSamples,
    nFeatures,
    nClasses,
    stride,
    labels,
    sampleWeights,
    weights: arena.allocateUnset(
      dense && byTiles
        ? Math.max(nClasses, FEWEST_CLASSES) * matrix.stride * 8
        : nFeatures * Math.max(stride * 4, nPanelShards * PANEL_BYTES),
    ),
    mixed: mixed?.task ?? 0,
    interceptsSingle: interceptsSingle.byteOffset,
    intercepts: intercepts.byteOffset,
    partials,
    partialStep: partial.bytes,
    residualSums: residualSums.byteOffset,
    center,
    centerPartials: centerPartials.byteOffset,
    centres,
    hessianRows: partial.hessianRows,
  });
  describeShards(runtime, task, shards);
  let residuals: Float64Array | null = null;
  if (dense) {
    const rowBytes = matrix.stride * 4 + stride * 4;
    const fitting = Math.floor(BLOCK_BYTES / rowBytes / ROW_TILE) * ROW_TILE;
    const blockRows = compact
      ? MOST_BLOCK_ROWS
      : Math.min(MOST_BLOCK_ROWS, Math.max(FEWEST_BLOCK_ROWS, fitting));
    const apart = compact ? nFeatures : mixed ? nFeatures - mixed.nDense : 0;
    const sumBytes = apart * stride * 4;
    const workStep = roundUp(blockRows * stride * 8 + sumBytes, 64);
    task.set({ values: matrix.values, rowStride: matrix.stride, blockRows, workStep });
    if (compact) {
      task.set({ rowStarts: compact.starts, rowIndices: compact.indices, rowValues: compact.values });
    }
    const work = arena.allocate(kind === 'wide' ? nSamples * stride * 8 : workStep * nRowShards);
    if (kind === 'wide') residuals = arena.f64(work, nSamples * stride);
    task.set({ work });
  } else {
    const { rowStarts, rowIndices, rowValues, columnStarts, columnIndices, columnValues } = matrix;
    task.set({ rowStarts, rowIndices, rowValues, columnStarts, columnIndices, columnValues });
    // Doubles; a single-precision pass uses (and makes resident) the first half only.
    task.set({ work: arena.allocateUnset(nSamples * stride * 8) });
  }
  const present = arena.allocateU32(kind === 'wide' ? Math.floor(FEW_PRESENT * nFeatures) : 0);
  let prepared: Float32Array | null = null;
  const mayKeep =
    loss.kind === 'softmax' &&
    dense &&
    kind !== 'wide' &&
    sampleWeights === 0 &&
    nSamples * stride * 4 <= MOST_LEFT;
  let kept: KeptProbabilities | null = null;
  let wasKept = false;

  function setPresent(theta: Float64Array): void {
    const nPresent = listPresentFeatures(layout, theta, present);
    if (nPresent === null) task.set({ present: 0 });
    else task.set({ present: present.byteOffset, nPresent });
  }

  function setIntercepts(padding: number, centered: boolean): void {
    if (centered) runtime.run('multiplyCenter', task.pointer, nFeatureShards);
    runtime.kernels.placeIntercepts(task.pointer, centered ? nFeatureShards : 0, padding, byTiles);
  }

  function sum(offset: number): number {
    let total = 0;
    const end = (partial.bytes / 8) * nRowShards;
    for (let at = offset / 8; at < end; at += partial.bytes / 8) total += partialNumbers[at];
    return total;
  }

  /** The same of `count` numbers one after another; `out` lies in the kernels' memory. */
  function sumsOf(offset: number, count: number, out: Float64Array): void {
    runtime.kernels.sumShards(partials + offset, partial.bytes, nRowShards, count, out.byteOffset);
  }

  function reservePrepared(): Float32Array {
    prepared ??= probabilityRoom(arena, nSamples * stride);
    task.set({ prepared: prepared.byteOffset });
    return prepared;
  }

  function readResidualSums(out: Float64Array): void {
    sumsOf(partial.residualSums, nClasses, residualSums);
    for (let k = 0; k < nClasses; k++) out[k] = residualSums[k] / nSamples;
  }

  function interceptProduct(direction: Float64Array, out: Float64Array): void {
    intercepts.fill(0, nClasses);
    intercepts.set(direction);
    runtime.run('interceptProduct', task.pointer, nRowShards);
    readResidualSums(out);
  }

  return {
    layout,
    centres,
    setLoss(loss) {
      if (loss.kind === 'hinge') task.set({ margin: loss.margin, smoothing: loss.smoothing });
    },
    setDualScale(scale) {
      task.set({ dualScale: scale });
    },
    reservePrepared,
    keepProbabilities() {
      if (mayKeep) kept ??= keptProbabilities(runtime, nSamples * stride, layout.size);
    },
    keptAt(theta) {
      const taken = kept?.take(theta, reservePrepared()) ?? null;
      if (taken === null) return null;
      prepared = taken;
      return reservePrepared();
    },
    sumsKeptIntercepts(theta) {
      if (keepsRows || !wasKept || !kept?.areAt(theta)) return false;
      runtime.run('keptInterceptHessian', task.pointer, nRowShards);
      return true;
    },
    pass(mode, theta, gradient, precision) {
      const isHessian = mode === MODES.softmax.hessian || mode === MODES.hinge.hessian;
      if (keepsRows && (mode === MODES.softmax.certificate || mode === MODES.softmax.intercepts)) {
        reservePrepared();
      }
      task.set({ mode, theta: theta.byteOffset, gradient: gradient?.byteOffset ?? 0 });
      if (kind === 'wide') setPresent(theta);
      // Double passes of mixed rows run over the dense ones.
      const centered = center !== 0 && (mixed === null || precision === 'single');
      setIntercepts(isHessian ? 0 : PADDING_SCORE, centered);
      const [packKernel, rowKernel, featureKernel] = KERNELS[kind][precision];
      const isLoss = mode === MODES.softmax.loss;
      const atZero = isLoss && byTiles && isZero(theta);
      const keeper = isLoss && precision === 'single' && !atZero ? kept : null;
      task.set({ kept: keeper?.placeFor(theta) ?? 0 });
      wasKept = keeper !== null;
      if (atZero) {
        runtime.run('densePassAtZero', task.pointer, nRowShards);
      } else {
        if (packKernel !== null) runtime.run(packKernel, task.pointer, nFeatureShards);
        runtime.run(rowKernel, task.pointer, nRowShards);
      }
      if (gradient === null) return;
      sumsOf(partial.residualSums, stride, residualSums);
      for (let k = 0; k < stride; k++) gradient[nFeatures * stride + k] = residualSums[k] / nSamples;
      if (precision === 'double' && nPanelShards > 0) {
        runtime.run('sparsePanelsDouble', task.pointer, nPanelShards);
      } else runtime.run(atZero ? 'denseReduce' : featureKernel, task.pointer, nFeatureShards);
    },
    sum,
    shift(change) {
      for (let k = 0; k < nClasses; k++) interceptsSingle[k] = exp(change[k]);
      runtime.run('sparseShift', task.pointer, nRowShards);
    },
    readResidualSums,
    readInterceptHessian(out) {
      if (keepsRows) return;
      sumsOf(partial.interceptHessian, nClasses * stride, hessianSums);
      const isHalf = loss.kind === 'softmax';
      for (let k = 0; k < nClasses; k++) {
        for (let l = 0; l < nClasses; l++) {
          const at = isHalf && l > k ? l * stride + k : k * stride + l;
          out[k * nClasses + l] = hessianSums[at] / nSamples;
        }
      }
      if (isHalf) hessianFromProducts(out, nClasses);
    },
    residuals,
    interceptProduct: keepsRows ? interceptProduct : null,
    columnScales() {
      if (matrix.kind === 'sparse') return sparseColumnScales(runtime, trainingSet, matrix);
      const mark = arena.mark();
      const squares = arena.allocateF64(roundUp(nFeatures, 4));
      if (kind === 'wide') {
        task.set({ gradient: squares.byteOffset });
        runtime.run('wideSquares', task.pointer, nFeatureShards);
      } else {
        runtime.run('columnSquares', task.pointer, nRowShards);
        sumsOf(partial.gradient, nFeatures, squares);
      }
      const features = new Float64Array(nFeatures);
      for (let j = 0; j < nFeatures; j++) features[j] = squares[j] / nSamples;
      arena.release(mark);
      return { features, frequencies: classFrequencies(runtime, trainingSet) };
    },
  };
}

/** Numbers of a row shard's gradient; columnSquares takes four features at a time. */
function gradientRoom(matrix: DesignMatrix, nClasses: number, stride: number): number {
  const kind = passKind(matrix);
  if (matrix.kind === 'sparse' || kind === 'wide') return stride;
  if (kind === 'compact') return roundUp(matrix.nFeatures, 4) * stride;
  const rows = Math.max(nClasses, FEWEST_CLASSES);
  const room = rows * roundUp(matrix.stride, GRADIENT_TILE);
  if (!matrix.mixed) return room;
  const { nDense } = matrix.mixed;
  return Math.max(room, rows * roundUp(nDense, GRADIENT_TILE) + (matrix.nFeatures - nDense) * stride);
}

/** Σ v p pᵀ → Σ v (diag p − p pᵀ), the diagonal as the others' sum: nothing cancels where p is nearly 1. */
function hessianFromProducts(products: Float64Array, K: number): void {
  for (let k = 0; k < K; k++) {
    let others = 0;
    for (let l = 0; l < K; l++) {
      if (l === k) continue;
      others += products[k * K + l];
      products[k * K + l] = -products[k * K + l];
    }
    products[k * K + k] = others;
  }
}

function describeShards({ arena }: Runtime, task: PassTask, { rows, features }: PassShards): void {
  const rowShards = arena.allocateU32(rows.length);
  const featureShards = arena.allocateU32(features.length);
  rowShards.set(rows);
  featureShards.set(features);
  task.set({
    rowShards: rowShards.byteOffset,
    nRowShards: rows.length - 1,
    featureShards: featureShards.byteOffset,
  });
}

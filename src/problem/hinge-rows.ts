import type { DesignMatrix, TrainingSet } from '../data/design-matrix.ts';
import type { Arena, Pointer } from '../runtime/arena.ts';
import type { Problem } from './problem.ts';
import { type RowMean, rowMean } from './row-mean.ts';

/**
 * What the dual of the hinge needs to know of the rows x − c; of compact rows the entries are the stored x. Rows without
 * intercept that are mostly their mean have no centre, are read as z (row-mean.ts), and not as compact ones.
 */
export interface HingeRows {
  /**
   * c, or null for none. With a free intercept centring changes nothing but b, and without it dual steps and
   * the intercept's constraint hinder each other; so the weighted mean of the stored rows is taken.
   * Without intercept it is the matrix's own centre.
   */
  readonly center: Float64Array | null;
  /** The matrix's own: what the stored rows stand for less it is a row. */
  readonly own: Float64Array | null;
  readonly mean: RowMean | null;
  /** c less the matrix's own centre: what b has to be corrected for. */
  readonly centerShift: Float64Array | null;
  readonly centerNorm: number;
  /** f32, nSamples: ‖x − c‖² or ‖z‖² */
  readonly squaredNorms: Float32Array;
  /** f64, nSamples: x·c of the stored rows; 0 where there is no centre */
  readonly centerDots: Pointer;
  readonly meanSquare: number;
  /** max ‖x − c‖ */
  readonly radius: number;
  /** Σ vᵢ of each class */
  readonly classWeights: Float64Array;
}

/** A centre so much shorter than the rows is rounding (standardized columns). */
const NEGLIGIBLE = 1e-10;

/** `splits`: whether rows that are mostly their mean are split from it. */
export function measureHingeRows(arena: Arena, problem: Problem, splits: boolean): HingeRows {
  const { trainingSet, intercept } = problem;
  const { matrix } = trainingSet;
  const { nSamples, nFeatures } = matrix;
  const mean = splits ? rowMean(arena, problem) : null;
  const own = mean === null ? ownCenter(arena, matrix) : null;
  const rows = rowReader(arena, mean === null ? matrix : rowsLessMean(matrix, mean));
  const weights = weightReader(arena, trainingSet);
  const center = intercept ? weightedMean(rows, weights, nSamples, nFeatures) : own;
  const squaredNorms = arena.allocateF32(nSamples);
  const dots = new Float64Array(nSamples);
  const centerNorm = center === null ? 0 : center.reduce((sum, c) => sum + c * c, 0);
  let sum = 0;
  let stored = 0;
  let largest = 0;
  for (let i = 0; i < nSamples; i++) {
    let norm = 0;
    let dot = 0;
    for (let r = rows.start(i); r < rows.start(i + 1); r++) {
      const x = rows.values[r];
      norm += x * x;
      if (center !== null) dot += x * center[rows.feature(r)];
    }
    const square = Math.max(0, norm - 2 * dot + centerNorm);
    squaredNorms[i] = square;
    dots[i] = dot;
    sum += square;
    stored += norm;
    largest = Math.max(largest, square);
  }
  const centred = center !== null && centerNorm > (NEGLIGIBLE * stored) / nSamples;
  const centerDots = centred ? arena.allocateF64(nSamples) : null;
  centerDots?.set(dots);
  return {
    center: centred ? center : null,
    own,
    mean,
    centerShift: intercept ? shiftOf(centred ? center : null, own) : null,
    centerNorm: centred ? centerNorm : 0,
    squaredNorms,
    centerDots: centerDots === null ? 0 : centerDots.byteOffset,
    meanSquare: sum / nSamples,
    radius: Math.sqrt(largest),
    classWeights: sumByClass(arena, trainingSet, weights),
  };
}

/** out ← out + factor · W c */
export function addCentre(
  out: Float64Array,
  factor: number,
  center: Float64Array,
  weights: Float64Array,
): void {
  const stride = out.length;
  center.forEach((c, j) => {
    if (c === 0) return;
    for (let k = 0; k < stride; k++) out[k] += factor * c * weights[j * stride + k];
  });
}

/** z of the rows, as they are read where their mean is taken off. */
export function rowsLessMean(matrix: DesignMatrix, { values }: RowMean): DesignMatrix {
  if (matrix.kind === 'sparse') return { ...matrix, rowValues: values };
  const { kind, nSamples, nFeatures, stride } = matrix;
  return { kind, nSamples, nFeatures, stride, values };
}

/** The matrix stands for the stored rows less this. */
function ownCenter(arena: Arena, matrix: DesignMatrix): Float64Array | null {
  const center = matrix.kind === 'dense' ? (matrix.compact?.center ?? 0) : matrix.center;
  return center === 0 ? null : arena.f64(center, matrix.nFeatures);
}

function shiftOf(center: Float64Array | null, own: Float64Array | null): Float64Array | null {
  if (own === null) return center;
  return own.map((c, j) => (center === null ? 0 : center[j]) - c);
}

interface RowReader {
  readonly values: Float32Array;
  /** first value of row i; a dense row's padding counts as its values, and is 0 */
  start(i: number): number;
  feature(r: number): number;
}

function rowReader(arena: Arena, matrix: DesignMatrix): RowReader {
  const { nSamples } = matrix;
  if (matrix.kind === 'dense' && matrix.compact) {
    const { compact } = matrix;
    const starts = arena.u32(compact.starts, nSamples + 1);
    const indices = new Uint16Array(arena.memory.buffer, compact.indices, compact.nStored);
    return {
      values: arena.f32(compact.values, compact.nStored),
      start: (i) => starts[i],
      feature: (r) => indices[r],
    };
  }
  if (matrix.kind === 'dense') {
    const { stride, nFeatures } = matrix;
    return {
      values: arena.f32(matrix.values, nSamples * stride),
      start: (i) => i * stride,
      feature: (r) => Math.min(r % stride, nFeatures - 1),
    };
  }
  const starts = arena.u32(matrix.rowStarts, nSamples + 1);
  const indices = arena.u32(matrix.rowIndices, matrix.nonzeros);
  return {
    values: arena.f32(matrix.rowValues, matrix.nonzeros),
    start: (i) => starts[i],
    feature: (r) => indices[r],
  };
}

function weightReader(arena: Arena, { sampleWeights, matrix }: TrainingSet): (i: number) => number {
  if (sampleWeights === 0) return () => 1;
  const weights = arena.f64(sampleWeights, matrix.nSamples);
  return (i) => weights[i];
}

function weightedMean(
  rows: RowReader,
  weight: (i: number) => number,
  nSamples: number,
  nFeatures: number,
): Float64Array {
  const mean = new Float64Array(nFeatures);
  for (let i = 0; i < nSamples; i++) {
    const share = weight(i) / nSamples;
    for (let r = rows.start(i); r < rows.start(i + 1); r++) mean[rows.feature(r)] += share * rows.values[r];
  }
  return mean;
}

function sumByClass(
  arena: Arena,
  { labels, matrix, nClasses }: TrainingSet,
  weight: (i: number) => number,
): Float64Array {
  const y = arena.u32(labels, matrix.nSamples);
  const sums = new Float64Array(nClasses);
  for (let i = 0; i < matrix.nSamples; i++) sums[y[i]] += weight(i);
  return sums;
}

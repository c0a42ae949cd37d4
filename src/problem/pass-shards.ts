import type { DenseMatrix, DesignMatrix, SparseMatrix } from '../data/design-matrix.ts';
import type { Arena } from '../runtime/arena.ts';

/** First index of each shard, and the end: shard s works on bounds[s] … bounds[s + 1] − 1. */
export type ShardBounds = readonly number[];

/**
 * How a pass is cut. It depends on the data's shape only, never on the number of threads, since sums are added
 * in the order of shards.
 */
export interface PassShards {
  readonly rows: ShardBounds;
  readonly features: ShardBounds;
}

/** Enough for 8 threads to finish at about the same time; an even number, for two. */
const MOST_ROW_SHARDS = 16;
const MOST_SPARSE_SHARDS = 32;
/** Multiplications that are worth a shard of their own: some 10 µs, as waking a thread costs. */
const SHARD_PRODUCTS = 1 << 17;
/** Room for the shards' gradients, where it is not an eighth of X. */
const PARTIAL_BYTES = 1 << 23;

/** What an entry of compact rows costs more than one of dense rows. */
const COMPACT = 2;

/** How a pass goes over a matrix. */
export type PassKind = 'dense' | 'mixed' | 'compact' | 'wide' | 'sparse';

/**
 * Wide: shards of rows for the residuals, then shards of features for the gradient (kernels/wide.ts), which reads X
 * twice, but adds no partial gradients.
 */
export function passKind(matrix: DesignMatrix): PassKind {
  if (matrix.kind === 'sparse') return 'sparse';
  if (matrix.compact) return 'compact';
  if (matrix.mixed) return 'mixed';
  return matrix.nFeatures > matrix.nSamples ? 'wide' : 'dense';
}

/** Whether passes run over what differs from each column's base. */
export function isCompact(matrix: DesignMatrix): boolean {
  return passKind(matrix) === 'compact';
}

/** `hessianRows`: of stride numbers, that a row shard's partial sums have room for beside the gradient. */
export function passShards(
  arena: Arena,
  matrix: DesignMatrix,
  hessianRows: number,
  stride: number,
): PassShards {
  if (matrix.kind === 'sparse') return sparseShards(arena, matrix, hessianRows, stride);
  return passKind(matrix) === 'wide' ? wideShards(matrix, stride) : denseShards(matrix, stride, hessianRows);
}

/** Values that a pass over dense rows reads, an entry of compact or mixed ones counted as what it costs. */
export function valuesRead({ compact, mixed, nSamples, nFeatures }: DenseMatrix): number {
  if (mixed) return mixed.valuesRead;
  return compact ? COMPACT * compact.nStored : nSamples * nFeatures;
}

export function denseShards(matrix: DenseMatrix, stride: number, hessianRows: number = stride): PassShards {
  const { nSamples, nFeatures } = matrix;
  const partialBytes = (nFeatures + hessianRows) * stride * 8;
  const room = Math.max(PARTIAL_BYTES, (nSamples * matrix.stride * 4) / 8);
  const wanted = Math.ceil(((valuesRead(matrix) + 16 * nSamples) * stride) / SHARD_PRODUCTS);
  const affordable = Math.max(2, Math.floor(room / partialBytes));
  const most = Math.min(wanted, affordable, MOST_ROW_SHARDS, Math.ceil(nSamples / 16));
  const nRowShards = most > 1 ? most - (most % 2) : most;
  const nFeatureShards = Math.ceil((nRowShards * nFeatures * stride) / SHARD_PRODUCTS);
  return {
    rows: evenBounds(nSamples, nRowShards, 4),
    features: evenBounds(nFeatures, Math.min(nFeatureShards, MOST_ROW_SHARDS, nFeatures), 1),
  };
}

export function wideShards({ nSamples, nFeatures }: DenseMatrix, stride: number): PassShards {
  const wanted = Math.min(Math.ceil((nSamples * nFeatures * stride) / SHARD_PRODUCTS), MOST_ROW_SHARDS);
  return {
    rows: evenBounds(nSamples, Math.min(wanted, Math.ceil(nSamples / 16)), 4),
    features: evenBounds(nFeatures, Math.min(wanted, Math.ceil(nFeatures / 8)), 8),
  };
}

/** Shards of about as many nonzeros each; a row or a feature costs about as much as `ROW` more. */
export function sparseShards(
  arena: Arena,
  matrix: SparseMatrix,
  hessianRows: number,
  stride: number,
): PassShards {
  const rowStarts = arena.u32(matrix.rowStarts, matrix.nSamples + 1);
  const columnStarts = arena.u32(matrix.columnStarts, matrix.nFeatures + 1);
  const products = (matrix.nonzeros + matrix.nSamples * ROW + matrix.nFeatures) * stride;
  const affordable = Math.max(2, Math.floor((2 * PARTIAL_BYTES) / (hessianRows * stride * 8)));
  const nShards = Math.min(Math.ceil(products / SHARD_PRODUCTS), affordable, MOST_SPARSE_SHARDS);
  return {
    rows: balancedBounds(rowStarts, Math.min(nShards, matrix.nSamples), ROW),
    features: balancedBounds(columnStarts, Math.min(nShards, matrix.nFeatures), 1),
  };
}

/**
 * Shards of kernels/sparse-panels-double.ts, which gives the same bits as sums by columns do; 0 where those are faster:
 * where the residuals are near anyway, a panel is not, clearing panels costs as much as filling them, or threads would
 * have nothing to do.
 */
export function panelShards(matrix: DesignMatrix, stride: number, threads: number): number {
  if (matrix.kind !== 'sparse') return 0;
  const { nSamples, nFeatures, nonzeros } = matrix;
  const nShards = Math.ceil(stride / PANEL_SHARD_CLASSES);
  const far = nSamples * stride * 8 >= FAR_BYTES;
  const near = nFeatures * PANEL_BYTES <= NEAR_BYTES;
  return far && near && nonzeros >= FILLED * nFeatures && nShards >= threads ? nShards : 0;
}

/** Bytes of a panel for each feature. */
export const PANEL_BYTES = 64;
/** Two panels of f64. */
const PANEL_SHARD_CLASSES = 16;
/** Residuals of 2 to 4 MB took as long both ways, panels of 4 MB half as long, of 8 MB up to half as long again. */
const FAR_BYTES = 2 ** 23;
const NEAR_BYTES = 2 ** 22;
/** Nonzeros of a feature: with 7 panels took a tenth longer, with 12 as long. */
const FILLED = 16;

/** Work on a row's scores (exp), counted in nonzeros. */
const ROW = 8;

function evenBounds(length: number, nShards: number, multiple: number): ShardBounds {
  return Array.from({ length: nShards + 1 }, (_, s) =>
    s === nShards ? length : Math.floor((length * s) / nShards / multiple) * multiple,
  );
}

/** Bounds that cut starts[i] + i · perItem into equal parts. */
function balancedBounds(starts: Uint32Array, nShards: number, perItem: number): ShardBounds {
  const length = starts.length - 1;
  const total = starts[length] + length * perItem;
  const bounds = [0];
  let i = 0;
  for (let s = 1; s < nShards; s++) {
    while (i < length && starts[i] + i * perItem < (total * s) / nShards) i++;
    bounds.push(i);
  }
  bounds.push(length);
  return bounds;
}

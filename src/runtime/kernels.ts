import type { Pointer } from './arena.ts';

/**
 * Kernels that work shard by shard: `task` points to a descriptor in memory, and a shard owns what it writes.
 * What each computes stands in kernels/.
 */
export interface ShardKernels {
  densePass(task: Pointer, shard: number): void;
  densePassDouble(task: Pointer, shard: number): void;
  densePassAtZero(task: Pointer, shard: number): void;
  denseReduce(task: Pointer, shard: number): void;
  columnFourths(task: Pointer, shard: number): void;
  columnSquares(task: Pointer, shard: number): void;
  classWeights(task: Pointer, shard: number): void;
  copyColumns(task: Pointer, shard: number): void;
  gatherColumns(task: Pointer, shard: number): void;
  copyRows(task: Pointer, shard: number): void;
  drawNeighbours(task: Pointer, shard: number): void;
  sumColumns(task: Pointer, shard: number): void;
  sumDeviations(task: Pointer, shard: number): void;
  placeRows(task: Pointer, shard: number): void;
  wideSquares(task: Pointer, shard: number): void;
  wideRows(task: Pointer, shard: number): void;
  wideRowsDouble(task: Pointer, shard: number): void;
  wideColumns(task: Pointer, shard: number): void;
  wideColumnsDouble(task: Pointer, shard: number): void;
  compactCount(task: Pointer, shard: number): void;
  compactFill(task: Pointer, shard: number): void;
  compactPass(task: Pointer, shard: number): void;
  compactPassDouble(task: Pointer, shard: number): void;
  compactReduce(task: Pointer, shard: number): void;
  sparseRows(task: Pointer, shard: number): void;
  sparseRowsDouble(task: Pointer, shard: number): void;
  sparseColumns(task: Pointer, shard: number): void;
  sparseColumnsDouble(task: Pointer, shard: number): void;
  originalUnits(task: Pointer, shard: number): void;
  sparseCount(task: Pointer, shard: number): void;
  sparseTranspose(task: Pointer, shard: number): void;
  sparseShift(task: Pointer, shard: number): void;
  sparseSquares(task: Pointer, shard: number): void;
  sparsePanelsDouble(task: Pointer, shard: number): void;
  logisticCompact(task: Pointer, shard: number): void;
  logisticCompactDouble(task: Pointer, shard: number): void;
  logisticCompactHessian(task: Pointer, shard: number): void;
  logisticDense(task: Pointer, shard: number): void;
  logisticDenseDouble(task: Pointer, shard: number): void;
  logisticDiagonalColumns(task: Pointer, shard: number): void;
  logisticDiagonalRows(task: Pointer, shard: number): void;
  logisticHessian(task: Pointer, shard: number): void;
  logisticReduce(task: Pointer, shard: number): void;
  logisticSparse(task: Pointer, shard: number): void;
  logisticSparseDouble(task: Pointer, shard: number): void;
  logisticColumns(task: Pointer, shard: number): void;
  logisticColumnsDouble(task: Pointer, shard: number): void;
  interceptProduct(task: Pointer, shard: number): void;
  keptInterceptHessian(task: Pointer, shard: number): void;
  mixedFill(task: Pointer, shard: number): void;
  mixedPack(task: Pointer, shard: number): void;
  mixedPass(task: Pointer, shard: number): void;
  mixedReduce(task: Pointer, shard: number): void;
  packClasses(task: Pointer, shard: number): void;
  packClassesDouble(task: Pointer, shard: number): void;
  packMixed(task: Pointer, shard: number): void;
  packWeights(task: Pointer, shard: number): void;
  multiplyCenter(task: Pointer, shard: number): void;
  dotShard(task: Pointer, shard: number): void;
  plusShard(task: Pointer, shard: number): void;
  scaleShard(task: Pointer, shard: number): void;
  copyShard(task: Pointer, shard: number): void;
  listCombination(task: Pointer, shard: number): void;
  listProducts(task: Pointer, shard: number): void;
  hingeDualGradient(task: Pointer, shard: number): void;
  hingeDualRepair(task: Pointer, shard: number): void;
  hingeScores(task: Pointer, shard: number): void;
  hingeInterceptPass(task: Pointer, shard: number): void;
  hingeLine(task: Pointer, shard: number): void;
  countHingePairs(task: Pointer, shard: number): void;
  hingeHessianRows(task: Pointer, shard: number): void;
  hingeMoments(task: Pointer, shard: number): void;
  hingePairsDirection(task: Pointer, shard: number): void;
  hingePairsProduct(task: Pointer, shard: number): void;
  hingePairsSum(task: Pointer, shard: number): void;
  listHingePairs(task: Pointer, shard: number): void;
  jointHessianProbabilities(task: Pointer, shard: number): void;
  jointHessianShard(task: Pointer, shard: number): void;
  choleskyRows(task: Pointer, shard: number): void;
  activeHessian(task: Pointer, shard: number): void;
  activeHessianScore(task: Pointer, group: number): void;
  activeHessianScoreSum(task: Pointer, shard: number): void;
  lassoHomotopyFold(task: Pointer, shard: number): void;
  lassoHomotopyProduct(task: Pointer, shard: number): void;
  lassoHomotopySlope(task: Pointer, shard: number): void;
  csvRows(task: Pointer, shard: number): void;
  slotSummary(task: Pointer, shard: number): void;
  selectRanks(task: Pointer, shard: number): void;
  copySlots(task: Pointer, shard: number): void;
  expandSlots(task: Pointer, shard: number): void;
  numberLines(task: Pointer, shard: number): void;
  projectRows(task: Pointer, shard: number): void;
  projectCompactRows(task: Pointer, shard: number): void;
  multiplyProjected(task: Pointer, shard: number): void;
  subspaceCombination(task: Pointer, shard: number): void;
  subspaceCoordinates(task: Pointer, shard: number): void;
  multiplyRows(task: Pointer, shard: number): void;
  multiplyQuantizedRows(task: Pointer, shard: number): void;
  sumRowProducts(task: Pointer, shard: number): void;
  combineRows(task: Pointer, shard: number): void;
  placeIndices(task: Pointer, shard: number): void;
  /** two shards, which share the work: either alone would do all of it */
  softmaxDualEpoch(task: Pointer, shard: number): void;
  softmaxDualStart(task: Pointer, shard: number): void;
  softmaxDualWeights(task: Pointer, shard: number): void;
  softmaxPairsProduct(task: Pointer, shard: number): void;
  weightTerms(task: Pointer, shard: number): void;
  classBlocksInvert(task: Pointer, shard: number): void;
  classBlocksList(task: Pointer, shard: number): void;
  classBlocksSumEqual(task: Pointer, shard: number): void;
  softmaxPairsTake(task: Pointer, shard: number): void;
  softmaxPairsSpread(task: Pointer, shard: number): void;
  softmaxPairsSum(task: Pointer, shard: number): void;
  secantExtend(task: Pointer, shard: number): void;
  secantUpdate(task: Pointer, shard: number): void;
}

export type ShardKernel = keyof ShardKernels;

/** What the wasm module exports. Addresses above 2³¹ come back negative: `>>> 0`. */
export interface KernelExports extends ShardKernels {
  /** First byte above the kernels' own constants. */
  staticEnd(): number;
  /** Σ aᵢ bᵢ */
  dot(a: Pointer, b: Pointer, length: number): number;
  /** Whether the vectors hold the same bits; 0 or 1. */
  areSame(a: Pointer, b: Pointer, length: number): number;
  /** out ← y + alpha x */
  plus(y: Pointer, alpha: number, x: Pointer, out: Pointer, length: number): void;
  /** out ← alpha x */
  scale(alpha: number, x: Pointer, out: Pointer, length: number): void;
  /** A pass's intercepts, less what multiplyCenter left of so many feature shards, and by tiles less the last class's. */
  placeIntercepts(task: Pointer, nFeatureShards: number, padding: number, byTiles: boolean): void;
  /** out ← M⁻¹ x by the inverses of class blocks */
  classBlocksApply(task: Pointer): void;
  /** The same of two vectors. */
  classBlocksApplyBoth(task: Pointer): void;
  /** out ← exp(x), f32 × count, a multiple of 4 */
  expSingleArray(x: Pointer, out: Pointer, count: number): void;
  /** out ← exp(x), f64 × count, a multiple of 2 */
  expDoubleArray(x: Pointer, out: Pointer, count: number): void;
  /** out ← log(x), f64 × count, a multiple of 2 */
  logDoubleArray(x: Pointer, out: Pointer, count: number): void;
  columnSquaresSingle: ColumnSquares;
  /** sums ← sums / weightSum, or a constant column's value; whether all sums were finite. */
  columnMeans(sums: Pointer, least: Pointer, greatest: Pointer, nFeatures: number, weightSum: number): number;
  /** out ← out + A B in f64, A being f32 at A + i · aBytes + t · termBytes and B nTerms × stride */
  multiplyDouble(
    A: Pointer,
    aBytes: number,
    termBytes: number,
    nOut: number,
    nTerms: number,
    B: Pointer,
    stride: number,
    out: Pointer,
  ): void;
  /** out ← Σ over shards, in their order, of count f64, `step` bytes from one shard to the next */
  sumShards(from: Pointer, step: number, nShards: number, count: number, out: Pointer): void;
  /** counts ← in how many of the rows each column is not its base, see kernels/mixed-layout.ts. */
  countDifferent(
    values: Pointer,
    offsets: Pointer,
    nRows: number,
    rowStride: number,
    base: Pointer,
    counts: Pointer,
  ): void;
  /** How many values differ from the base: what more than half of the rows hold, or 0. */
  mostFrequent(
    values: Pointer,
    offsets: Pointer,
    nRows: number,
    nFeatures: number,
    groupStep: number,
    base: Pointer,
  ): number;
  /** peaks ← the greatest |gradient| of each feature, or infinity where it has a weight; see kernels/choose-features.ts. */
  featurePeaks(theta: Pointer, gradient: Pointer, nFeatures: number, stride: number, peaks: Pointer): void;
  /** How many features it wrote to `out`, see kernels/choose-features.ts. */
  chooseFeatures(
    peaks: Pointer,
    nFeatures: number,
    bound: number,
    fewest: number,
    scratch: Pointer,
    out: Pointer,
  ): number;
  sparseStarts(task: Pointer): void;
  dualCoordinateEpoch(task: Pointer): void;
  /** ΣA² of the steps' weights */
  hingeStepSquares(task: Pointer): number;
  logisticDualEpoch(task: Pointer): void;
  softmaxDualSwing(weights: Pointer, previous: Pointer, length: number, change: Pointer, sums: Pointer): void;
  choleskyDiagonal(task: Pointer): void;
  /** x ← A⁻¹ x for the factor of A */
  choleskySolve(matrix: Pointer, rowBytes: number, size: number, x: Pointer): void;
  /** x ← L⁻ᵀ x for the factor L */
  choleskySolveTransposed(matrix: Pointer, rowBytes: number, size: number, x: Pointer): void;
  /** How many numbers of a column were copied to `out`: those that are not missing. */
  presentSlots(x: Pointer, step: number, nRows: number, out: Pointer): number;
  slotSums(x: Pointer, step: number, nRows: number, weights: Pointer, fill: number, sums: Pointer): void;
  slotSquares(
    x: Pointer,
    step: number,
    nRows: number,
    weights: Pointer,
    fill: number,
    mean: number,
    sum: Pointer,
  ): void;
  scoreRowsDouble: ScoreRows;
  scoreRowsSingle: (...rows: [...Parameters<ScoreRows>, wide: Pointer]) => void;
  /** Rows of slots → nRows × nFeatures f64, by the columns of an encoding. */
  encodeRows(
    columns: Pointer,
    nColumns: number,
    rows: Pointer,
    slotBytes: number,
    nRows: number,
    out: Pointer,
    nFeatures: number,
  ): void;
  /** nRows × nClasses f64 in place, with the bits of the classifier's softmaxRows */
  softmaxRows(scores: Pointer, nRows: number, nClasses: number): void;
  copyBytes(from: Pointer, to: Pointer, length: number): void;
  /** Writes the table of 4096 bytes by which short decimals are read. */
  decimalShuffles(out: Pointer): void;
  /** Bytes of a table of text codes. */
  textCodesBytes(): number;
  /** Gives a text of at most 32 bytes a code; 768 have room. */
  addTextCode(table: Pointer, text: Pointer, length: number, code: number): void;
  activeHessianSparse(task: Pointer): void;
  /** Sweeps that coordinate descent took. */
  lassoModelDescent(task: Pointer): number;
  /** The largest norm; see kernels/gradient-bounds.ts. */
  largestOutside(
    gradient: Pointer,
    norms: Pointer,
    nFeatures: number,
    stride: number,
    inside: Pointer,
    nInside: number,
    largest: Pointer,
  ): number;
  areWithin(
    gradient: Pointer,
    norms: Pointer,
    nFeatures: number,
    stride: number,
    inside: Pointer,
    nInside: number,
    scales: Pointer,
    radii: Pointer,
    limit: number,
  ): number;
  /** Products that it took, as many as it may where it was cut off. */
  supportModel(task: Pointer): number;
  /** Before all else of a model, see kernels/lasso-homotopy.ts. */
  lassoHomotopyTake(task: Pointer): void;
  /** 0 when done, 1 where the tableau must be folded first. */
  lassoHomotopySupport(task: Pointer): number;
  lassoHomotopyPose(task: Pointer): void;
  lassoHomotopyAim(task: Pointer): void;
  /** 0 when done, 1 where the tableau must be folded first, or −1 where the way was lost. */
  lassoHomotopyFollow(task: Pointer): number;
  lassoHomotopyMove(task: Pointer): void;
  lassoHomotopyViolation(task: Pointer): number;
  /** Whether a product is needed, else it is 0; coordinates: u32. */
  lassoHomotopyRightSides(task: Pointer, coordinates: Pointer): number;
  lassoHomotopyAppend(task: Pointer, coordinates: Pointer): void;
  /** y: f64 of all coordinates */
  lassoHomotopyOnSupport(task: Pointer, y: Pointer): void;
  /** Writes the support's part of out: f64 of all coordinates. */
  lassoHomotopySolution(task: Pointer, out: Pointer): void;
  /** For H ← H + factor · y yᵀ. */
  lassoHomotopyCorrect(task: Pointer, y: Pointer, factor: number): void;
}

type ScoreRows = (
  rows: Pointer,
  nRows: number,
  nFeatures: number,
  weights: Pointer,
  intercepts: Pointer,
  nPairs: number,
  scores: Pointer,
) => void;

type ColumnSquares = (
  rows: Pointer,
  nRows: number,
  nFeatures: number,
  weights: Pointer,
  mean: Pointer,
  units: Pointer,
  squares: Pointer,
) => void;

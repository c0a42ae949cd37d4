export { activeHessian } from './active-hessian';
export { activeHessianScore, activeHessianScoreSum } from './active-hessian-score';
export { activeHessianSparse } from './active-hessian-sparse';
export { choleskyDiagonal, choleskyRows, choleskySolve, choleskySolveTransposed } from './cholesky';
export { chooseFeatures, featurePeaks } from './choose-features';
export { classBlocksInvert } from './class-blocks';
export { classBlocksApply, classBlocksApplyBoth } from './class-blocks-apply';
export { classBlocksList, classBlocksSumEqual } from './class-blocks-list';
export { classWeights } from './class-weights';
export { columnFourths } from './column-fourths';
export { columnMeans } from './column-means';
export { columnSquares, wideSquares } from './column-squares';
export { compactPass, compactPassDouble, compactReduce } from './compact';
export { compactCount, compactFill } from './compact-layout';
export { copyColumns } from './copy-columns';
export { copyRows } from './copy-rows';
export { csvRows } from './csv-rows';
export { densePass, densePassDouble, denseReduce } from './dense';
export { densePassAtZero } from './dense-at-zero';
export { multiplyDouble } from './dense-double';
export { drawNeighbours } from './draw-neighbours';
export { dualCoordinateEpoch } from './dual-coordinate-descent';
export { encodeRows } from './encode-rows';
export { expDoubleArray, expSingleArray } from './exp';
export { copySlots, expandSlots } from './expand-slots';
export { gatherColumns } from './gather-columns';
export { areWithin, largestOutside } from './gradient-bounds';
export {
  hingeDualGradient,
  hingeDualRepair,
  hingeInterceptPass,
  hingeScores,
} from './hinge-dual-certificate';
export { hingeLine } from './hinge-line';
export { hingeHessianRows, hingeMoments } from './hinge-moments';
export { countHingePairs, listHingePairs } from './hinge-pair-groups';
export { hingePairsDirection, hingePairsProduct, hingePairsSum } from './hinge-pairs';
export { hingeStepSquares } from './hinge-step-rows';
export { interceptProduct } from './intercept-product';
export { jointHessianProbabilities, jointHessianShard } from './joint-hessian';
export { keptInterceptHessian } from './kept-intercepts';
export {
  lassoHomotopyAim,
  lassoHomotopyAppend,
  lassoHomotopyCorrect,
  lassoHomotopyFold,
  lassoHomotopyFollow,
  lassoHomotopyMove,
  lassoHomotopyOnSupport,
  lassoHomotopyPose,
  lassoHomotopyProduct,
  lassoHomotopyRightSides,
  lassoHomotopySlope,
  lassoHomotopySolution,
  lassoHomotopySupport,
  lassoHomotopyTake,
  lassoHomotopyViolation,
} from './lasso-homotopy';
export { lassoModelDescent } from './lasso-model';
export { logDoubleArray } from './log';
export { logisticCompact, logisticCompactDouble } from './logistic-compact';
export { logisticCompactHessian } from './logistic-compact-hessian';
export { logisticDense, logisticDenseDouble, logisticReduce } from './logistic-dense';
export { logisticDiagonalColumns, logisticDiagonalRows } from './logistic-diagonal';
export { logisticDualEpoch } from './logistic-dual-ascent';
export { logisticHessian } from './logistic-hessian';
export {
  logisticColumns,
  logisticColumnsDouble,
  logisticSparse,
  logisticSparseDouble,
} from './logistic-sparse';
export { mixedPass, mixedReduce, packMixed } from './mixed';
export { countDifferent, mixedFill, mixedPack } from './mixed-layout';
export { mostFrequent } from './most-frequent';
export { numberLines } from './number-lines';
export { originalUnits } from './original-units';
export { multiplyCenter, packClasses, packClassesDouble, packWeights, placeIntercepts } from './pack-weights';
export { placeIndices } from './place-indices';
export { columnSquaresSingle, placeRows, sumColumns, sumDeviations } from './place-rows';
export { softmaxRows } from './probabilities';
export { multiplyProjected, projectCompactRows, projectRows } from './row-projections';
export { combineRows, multiplyQuantizedRows, multiplyRows, sumRowProducts } from './row-space';
export { scoreRowsDouble, scoreRowsSingle } from './score-rows';
export { secantExtend, secantUpdate } from './secant-pairs';
export { selectRanks } from './select-ranks';
export { decimalShuffles } from './short-decimal';
export { presentSlots, slotSummary } from './slot-summary';
export { copyBytes, slotSquares, slotSums } from './slots';
export { softmaxDualEpoch } from './softmax-dual-ascent';
export { softmaxDualStart } from './softmax-dual-start';
export { softmaxDualSwing } from './softmax-dual-swing';
export { softmaxDualWeights } from './softmax-dual-weights';
export { softmaxPairsProduct, softmaxPairsSpread, softmaxPairsSum } from './softmax-pairs';
export { softmaxPairsTake } from './softmax-pairs-take';
export { sparseColumns, sparseColumnsDouble, sparseRows, sparseRowsDouble } from './sparse';
export { sparseCount, sparseStarts, sparseTranspose } from './sparse-layout';
export { sparsePanelsDouble } from './sparse-panels-double';
export { sparseShift } from './sparse-shift';
export { sparseSquares } from './sparse-squares';
export { subspaceCombination, subspaceCoordinates } from './subspace-inverse';
export { sumShards } from './sum-shards';
export { supportModel } from './support-model';
export { addTextCode, textCodesBytes } from './text-codes';
export { listCombination, listProducts } from './vector-lists';
export { areSame, copyShard, dot, dotShard, plus, plusShard, scale, scaleShard } from './vectors';
export { weightTerms } from './weight-terms';
export { wideColumns, wideColumnsDouble, wideRows, wideRowsDouble } from './wide';

/** First byte above the kernels' own constants. */
export function staticEnd(): usize {
  return __heap_base;
}

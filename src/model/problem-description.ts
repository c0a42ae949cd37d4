import { UnsupportedError } from '../errors.ts';
import type { Loss } from '../problem/problem.ts';
import {
  booleanOption,
  choiceOption,
  NOT_NEGATIVE,
  numberOption,
  POSITIVE,
  PROBABILITY_BELOW_1,
} from './option-values.ts';
import type { FitOptions, LossName, PenaltyName } from './options.ts';

/** The problem as it was posed, every default filled in. λ = 0 reads penalty 'none'. Stands in the model file. */
export interface ProblemDescription {
  readonly loss: LossName;
  readonly penalty: PenaltyName;
  readonly lambda: number;
  readonly beta: number | null;
  readonly margin: number | null;
  readonly dropout: number;
  readonly standardize: boolean;
  readonly intercept: boolean;
}

/** What the options' defaults and possibilities depend on. */
export interface DataKind {
  /** Sparse rows: not standardized by default, and never centred under dropout. */
  readonly sparse: boolean;
}

const DEFAULT_LAMBDA = 1e-4;
const DEFAULT_BETA = 1;
const DEFAULT_MARGIN = 1;

const LOSSES: readonly LossName[] = ['softmax', 'hinge'];
const PENALTIES: readonly PenaltyName[] = ['l2', 'l1', 'elastic-net', 'none'];

/**
 * The problem that the options pose, defaults filled in. Throws TypeError and RangeError for wrong values
 * and UnsupportedError for parameters that the chosen loss or penalty does not have.
 */
export function describeProblem(options: FitOptions, data: DataKind = { sparse: false }): ProblemDescription {
  const loss = choiceOption('loss', options.loss, LOSSES, 'softmax');
  const posed = choiceOption('penalty', options.penalty, PENALTIES, 'l2');
  const lambda = numberOption('lambda', options.lambda, posed === 'none' ? 0 : DEFAULT_LAMBDA, NOT_NEGATIVE);
  const beta = numberOption('beta', options.beta, DEFAULT_BETA, NOT_NEGATIVE);
  const margin = numberOption('margin', options.margin, DEFAULT_MARGIN, POSITIVE);
  const dropout = numberOption('dropout', options.dropout, 0, PROBABILITY_BELOW_1);
  const standardize = booleanOption('standardize', options.standardize, !data.sparse);
  const intercept = booleanOption('intercept', options.intercept, true);

  if (options.beta !== undefined && posed !== 'elastic-net') {
    throw new UnsupportedError(`"beta" belongs to penalty elastic-net; penalty ${posed} has no beta`);
  }
  if (options.margin !== undefined && loss !== 'hinge') {
    throw new UnsupportedError(`"margin" belongs to loss hinge; loss ${loss} has no margin`);
  }
  if (posed === 'none' && lambda > 0) {
    throw new UnsupportedError(
      `penalty none has no lambda, got lambda ${lambda}; possible with a lambda are penalty l2, l1, elastic-net`,
    );
  }
  if (dropout > 0 && data.sparse && standardize) {
    throw new UnsupportedError(
      'dropout on sparse rows needs standardize false (centring would turn dropped zeros into values); ' +
        'possible are dropout with standardize false, or dense rows',
    );
  }
  const penalty = lambda === 0 ? 'none' : posed;
  return {
    loss,
    penalty,
    lambda,
    beta: penalty === 'elastic-net' ? beta : null,
    margin: loss === 'hinge' ? margin : null,
    dropout,
    standardize,
    intercept,
  };
}

/** The loss as the solvers take it. */
export function problemLoss({ loss, margin }: ProblemDescription): Loss {
  return loss === 'hinge' ? { kind: 'hinge', margin: margin ?? DEFAULT_MARGIN } : { kind: 'softmax' };
}

import type { ClassLabel } from '../data/class-labels.ts';
import type { Encoding } from '../data/encoding.ts';
import type { Status } from '../solvers/solver.ts';
import { fnv1a64 } from './checksum.ts';
import type { ClassifierState } from './classifier-state.ts';
import type { ProblemDescription } from './problem-description.ts';

export const MODEL_FORMAT = 'softmargin-model';
export const MODEL_VERSION = 1;

/**
 * A model file, version 1. It holds nothing that changes from one run to the next (no dates, seconds or
 * threads): the same data, options and seed give the same bytes.
 */
export interface ModelJson extends ModelContent {
  readonly format: typeof MODEL_FORMAT;
  readonly version: typeof MODEL_VERSION;
  /** FNV-1a 64 of the content's JSON without the weights, keys in the order of ModelContent, then of each row of weights. */
  readonly checksum: string;
}

export interface ModelContent {
  readonly problem: ProblemDescription;
  readonly solution: ModelSolution;
  readonly classes: readonly ClassLabel[];
  readonly nFeatures: number;
  readonly featureNames: readonly string[] | null;
  readonly encoding: Encoding | null;
  readonly intercepts: readonly number[];
  /** A row for each class, a number for each feature, in original units. */
  readonly weights: readonly (readonly number[])[];
}

export interface ModelSolution {
  readonly status: Status;
  readonly solver: string;
  readonly objective: number;
  readonly lowerBound: number | null;
  readonly relativeGap: number | null;
  readonly tolerance: number | null;
  /** null where it was not known yet when the fit was stopped */
  readonly stationarity: number | null;
  readonly iterations: number;
  readonly passes: number;
  readonly separatedClasses: readonly ClassLabel[];
}

/** The model as plain JSON data, keys always in the same order. */
export function toModelJson(state: ClassifierState): ModelJson {
  const content = modelContent(state);
  return { format: MODEL_FORMAT, version: MODEL_VERSION, checksum: checksumOf(content), ...content };
}

/** The checksum that belongs to a model's content; row by row, since the weights' text may be large. */
export function checksumOf({ weights, ...rest }: ModelContent): string {
  const checksum = fnv1a64();
  checksum.update(JSON.stringify(rest));
  for (const row of weights) checksum.update(JSON.stringify(row));
  return checksum.digest();
}

/** What the checksum covers. */
export function modelContent(state: ClassifierState): ModelContent {
  const { problem, certificate, nFeatures } = state;
  return {
    problem: {
      loss: problem.loss,
      penalty: problem.penalty,
      lambda: problem.lambda,
      beta: problem.beta,
      margin: problem.margin,
      dropout: problem.dropout,
      standardize: problem.standardize,
      intercept: problem.intercept,
    },
    solution: {
      status: state.status,
      solver: state.solver,
      objective: state.objective,
      lowerBound: certificate?.lowerBound ?? null,
      relativeGap: certificate?.relativeGap ?? null,
      tolerance: certificate?.tolerance ?? null,
      stationarity: Number.isFinite(state.stationarity) ? state.stationarity : null,
      iterations: state.iterations,
      passes: state.passes,
      separatedClasses: [...state.separatedClasses],
    },
    classes: [...state.classes],
    nFeatures,
    featureNames: state.featureNames === null ? null : [...state.featureNames],
    encoding: state.encoding === null ? null : orderedEncoding(state.encoding),
    intercepts: Array.from(state.intercepts),
    weights: state.classes.map((_, k) =>
      Array.from(state.weights.subarray(k * nFeatures, (k + 1) * nFeatures)),
    ),
  };
}

function orderedEncoding({ target, missing, columns, unused }: Encoding): Encoding {
  return {
    target,
    missing: [...missing],
    columns: columns.map((column) =>
      column.kind === 'numeric'
        ? { name: column.name, kind: column.kind, fill: column.fill, indicator: column.indicator }
        : {
            name: column.name,
            kind: column.kind,
            levels: [...column.levels],
            missingLevel: column.missingLevel,
          },
    ),
    unused: [...unused],
  };
}

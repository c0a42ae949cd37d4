import { log } from './elementary.ts';
import type { ParameterLayout } from './parameters.ts';
import { bendOf, type CertificatePass } from './passes.ts';
import type { PenaltyCoefficients } from './penalty.ts';
import type { Loss } from './problem.ts';
import type { SteppedIntercepts } from './stepped-intercepts.ts';
import { type WeightTerms, weightTerms } from './weight-terms.ts';

/** How far residuals must be mixed with feasible ones so that the intercepts' constraint holds. */
export interface InterceptSlack {
  /** t: the part of the feasible residuals in the mixture, 0 … 1 */
  readonly share: number;
  /** bounds on the feasible residuals' gradient: ‖·‖₂ and ‖·‖∞ */
  readonly gradientNorm: number;
  readonly gradientMax: number;
}

export interface GapInput {
  readonly theta: Float64Array;
  /** ∇F(θ), without the penalty */
  readonly gradient: Float64Array;
  readonly layout: ParameterLayout;
  readonly penalty: PenaltyCoefficients;
  readonly loss: Loss;
  readonly pass: CertificatePass;
  /** null where there is no intercept (or no penalty) */
  readonly slack: InterceptSlack | null;
  /** Softmax: what is proved of a step of the intercepts; default null. */
  readonly stepped?: SteppedIntercepts | null;
  /** What `weightTerms` makes of θ and the gradient, where the caller knows it. */
  readonly terms?: WeightTerms;
  /** No scaled dual point is tried where the relative gap is no more than this without it; default 0. */
  readonly enough?: number;
}

export interface GapReport {
  readonly objective: number;
  /** The better of the dual bound and 0: both losses are ≥ 0. */
  readonly lowerBound: number;
  readonly gap: number;
  /** How much of the gap comes from the intercepts not being optimal (Infinity where nothing is proved for that reason). */
  readonly interceptShare: number;
  /** Violation of the optimality conditions by W alone, and by W and b. */
  readonly weightStationarity: number;
  readonly stationarity: number;
}

/**
 * What rounding may do to the objective and the gap, relative to the terms summed: hundreds of times the
 * unit roundoff 1.1e-16, so that no bound is a true optimum's rounding above it.
 */
const ROUNDING = 3e-14;

/**
 * The duality gap at θ for the dual point made of its residuals U, with G = ∇_W F:
 *
 *   D(c) = −(1/n) Σ vᵢ ℓ*(c uᵢ) − R*(−cG),    R*(G) = Σ (|G| − lasso)₊² / (4 ridge)
 *
 * At c = 1 the gap is written as a sum of terms ≥ 0, so that it is exact also where it is far below the
 * objective's rounding: the loss's Fenchel–Young gap (0 for softmax and logistic, the smoothing for hinge), and for each
 * weight ridge w² + lasso |w| + g w + R*(g); under ridge alone the latter sum to ‖∇_W L‖² / (4 ridge).
 * Under lasso alone R* is 0 up to max|G| = lasso and infinite beyond. Two bounds serve there:
 * c = lasso / max|G|; or, at c = 1, that lasso Σ|W*| is at most the objective here, so that what passes lasso
 * costs the optimum no more than (max|G| − lasso) / lasso of it. The data part at c is at first taken from below, by
 * its slope and a bound on its curvature (CertificatePass); where that is not `enough`, `dualAt(c)`, given, tells it.
 *
 * With ridge > 0 the dual point may also be that of stepped intercepts: see `steppedRepair`.
 */
export function gapReport(input: GapInput, dualAt: ((scale: number) => number) | null): GapReport {
  const { theta, gradient, layout, penalty, loss, pass, slack, stepped = null, enough = 0 } = input;
  const { ridge, lasso } = penalty;
  const nWeights = layout.nFeatures * layout.stride;

  const terms = input.terms ?? weightTerms(theta.subarray(0, nWeights), gradient, penalty);
  const { squares, absolutes, product, penaltyGap, conjugate, gradientSquares, gradientMax } = terms;
  const { weightStationarity } = terms;

  let interceptProduct = 0;
  let stationarity = weightStationarity;
  for (let i = nWeights; i < nWeights + layout.nClasses; i++) {
    interceptProduct += gradient[i] * theta[i];
    stationarity = Math.max(stationarity, Math.abs(gradient[i]));
  }

  const objective = pass.loss + ridge * squares + lasso * absolutes;
  const lossGap = loss.kind !== 'hinge' ? interceptProduct : Math.max(0, pass.loss - pass.dual - product);
  const rounding = ROUNDING * (objective + (loss.kind !== 'hinge' ? 0 : Math.abs(product)));
  const share = slack?.share ?? 0;
  const shift = slack === null ? 0 : share * (slack.gradientNorm + Math.sqrt(gradientSquares));
  const shiftMax = slack === null ? 0 : share * (slack.gradientMax + gradientMax);

  let gap = Number.POSITIVE_INFINITY;
  let interceptShare = share > 0 ? Number.POSITIVE_INFINITY : 0;
  const reach = gradientMax + shiftMax;
  if (ridge > 0 || lasso > 0) {
    const rise =
      ridge > 0
        ? (2 * Math.sqrt(conjugate) * shift + shift * shift) / (4 * ridge)
        : (Math.max(0, reach - lasso) / lasso) * objective;
    const repair = share * pass.dual + rise;
    // Under lasso alone the rise is there also with exact intercepts: that part is for W to mend.
    const byWeights = ridge > 0 ? 0 : (Math.max(0, gradientMax - lasso) / lasso) * objective;
    gap = lossGap + penaltyGap + repair;
    interceptShare = Math.abs(loss.kind !== 'hinge' ? interceptProduct : 0) + repair - byWeights;
  }
  if (ridge > 0 && stepped !== null) {
    const norms = { gradient: Math.sqrt(gradientSquares), weights: Math.sqrt(squares) };
    const repair = steppedRepair(stepped, norms, penaltyGap, ridge, layout.nClasses);
    if (penaltyGap + repair < gap) {
      gap = penaltyGap + repair;
      interceptShare = repair;
    }
  }
  const scale = lasso / reach;
  const takeScaled = (scaled: number, dual: number) => {
    if (!(scaled < gap)) return;
    gap = scaled;
    interceptShare = share * dual + (dual * shiftMax) / reach;
  };
  if (lasso > 0 && reach > lasso && loss.kind !== 'hinge' && pass.dualBend !== undefined) {
    // The slope of the dual is Σ U s, and loss − dual the same.
    const slope = product + interceptProduct;
    const bend = bendOf(pass.dualBend, scale);
    const loosened = ridge * squares + lasso * absolutes + scale * slope + bend;
    // Of the dual at c, concave in it, the mixture costs this at most: more than of that at 1 where samples are far off.
    const most = pass.dual + (1 - scale) * slope;
    takeScaled(loosened + share * most, most);
  }
  if (lasso > 0 && reach > lasso && gap > enough * objective && dualAt !== null) {
    const dual = dualAt(scale);
    takeScaled(objective - (1 - share) * dual, dual);
  }
  gap = Math.max(0, gap) + rounding;
  const lowerBound = Math.max(0, objective - gap);
  return {
    objective,
    lowerBound,
    gap: objective - lowerBound,
    interceptShare,
    weightStationarity,
    stationarity,
  };
}

/**
 * What the dual point (1 − t) U' + t V of stepped intercepts costs beyond Γ(G) = R(W) + ⟨G, W⟩ + R*(−G), the penalty's
 * part of the gap, with Ĝ = (1 − t) G' + t G_V its gradient:
 *
 *   F − D ≤ F(b) − F(b + δ) + r'·(b + δ) + Γ(Ĝ) + t ⟨G' − G_V, W⟩ + t log K,   Γ(Ĝ)^½ ≤ Γ(G)^½ + ‖Ĝ − G‖ / (4 ridge)^½
 *
 * the latter since R* has a gradient that is Lipschitz with 1 / (2 ridge), and Γ ≥ 0.
 */
function steppedRepair(
  { excess, drift, slack }: SteppedIntercepts,
  norms: { readonly gradient: number; readonly weights: number },
  penaltyGap: number,
  ridge: number,
  nClasses: number,
): number {
  const apart = slack.gradientNorm + norms.gradient + drift;
  const far = drift + slack.share * apart;
  const rise = Math.sqrt(penaltyGap / ridge) * far + (far * far) / (4 * ridge);
  return excess + rise + slack.share * (apart * norms.weights + log(nClasses));
}

/** How the rounds of smoothing.ts go on. */
export interface Schedule {
  /** μ of the first round, in margins */
  readonly smoothing: number;
  /** of the first round, and how much of the gap that the last one left */
  readonly innerGap: number;
  readonly share: number;
  /** A round that leaves more than this part of the gap asks for a smaller μ. */
  readonly slow: number;
  /** … and more than this one, where it still gains, for momentum. */
  readonly momentumAbove: number;
}

/**
 * μ well above 1, where all excesses are at W = 0: on digits with L1 and λ 1e-5 a first round took 2 779 iterations at 2,
 * and all rounds together 529 from 8. With momentum above 0.2 digits with L1 took 1 887, 2 740 and 3 402 passes at λ = 1e-3,
 * 1e-4 and 1e-5, without 1 699, 2 507 and 2 860.
 */
export const FROM_ZERO: Schedule = {
  smoothing: 8,
  innerGap: 0.03,
  share: 0.3,
  slow: 0.5,
  momentumAbove: Number.POSITIVE_INFINITY,
};

/** Letters' rounds leave 0.04 to 0.09 of the gap: with momentum after all they take half a pass to two more of 27 to 33. */
const MOMENTUM_ABOVE = 0.2;

/**
 * L2 on dense rows whose Newton steps have a preconditioner. Image-like rows, C = 1 and 10, before there was momentum: 215
 * and 1 335 Hessian products from μ = 2, 235 and 1 085 from 4, 412 and 2 415 from 1 and a μ that falls where a round leaves a
 * quarter.
 */
export const WITH_DIRECTIONS: Schedule = {
  smoothing: 2,
  innerGap: 0.1,
  share: 0.3,
  slow: 0.5,
  momentumAbove: MOMENTUM_ABOVE,
};

/** The same on a part of the rows. */
export const ON_PART: Schedule = { ...WITH_DIRECTIONS, share: 0.7 };

/**
 * From a start on a part there is no round at a large μ, nor momentum: random classes far apart took up to three times the
 * passes with it, see docs/solvers.md.
 */
export const AFTER_PART: Schedule = {
  ...WITH_DIRECTIONS,
  smoothing: 0.3,
  slow: 0.25,
  momentumAbove: Number.POSITIVE_INFINITY,
};

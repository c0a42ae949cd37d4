/**
 * Linear classifiers trained to a certified optimum: the entry for Node.
 *
 * @module
 */

import { type FitRun, fitOn } from './model/fit.ts';
import type { FitData } from './model/fit-data.ts';
import type { FitOptions } from './model/options.ts';
import { nodePlatform } from './runtime/platform-node.ts';

// A name exported here stands before the same name of index.ts.
export * from './index.ts';

/** Trains a classifier; {@link fitOn} tells what it minimizes, what it takes and what it throws. */
export function fit(data: FitData, options: FitOptions = {}): FitRun {
  return fitOn(nodePlatform, data, options);
}

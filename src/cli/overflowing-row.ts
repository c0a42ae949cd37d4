import { DataError } from '../errors.ts';
import { ScoreOverflow } from '../model/classifier.ts';

/** What `compute` makes of a batch of the file's rows; a DataError naming the row whose scores overflow. */
export function computeRows<T>(file: string, firstRow: number, compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    if (!(error instanceof ScoreOverflow)) throw error;
    throw new DataError(`row ${firstRow + error.row} is so large that its scores overflow`, {
      file,
      hint: 'rows count from 1, without the header',
    });
  }
}

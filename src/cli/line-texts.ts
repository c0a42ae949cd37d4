/** What a line of predictions consists of: `starts[class] betweens[0] number … betweens[n − 1] number end`. */
export interface LineTexts {
  /** How the line of each class begins */
  readonly starts: readonly string[];
  /** What stands before each number */
  readonly betweens: readonly string[];
  readonly end: string;
}

/** Predictions of some rows. */
export interface Predicted {
  /** The class of each row */
  readonly classes: Uint32Array;
  /** Rows × betweens.length finite numbers, or null where there are none */
  readonly numbers: Float64Array | null;
}

/** Prints predictions, in one piece or several; what a piece holds is valid until the next one is asked for. */
export type LinePrinter = (predicted: Predicted) => Iterable<string | Uint8Array>;

/** Prints without kernels. Numbers have as many digits as it takes to read them back without loss. */
export function textLines({ starts, betweens, end }: LineTexts): LinePrinter {
  return ({ classes, numbers }) => {
    let text = '';
    for (let i = 0, at = 0; i < classes.length; i++) {
      text += starts[classes[i]];
      if (numbers !== null) for (const between of betweens) text += `${between}${numbers[at++]}`;
      text += end;
    }
    return [text];
  };
}

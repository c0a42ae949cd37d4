/**
 * How the columns of a table become features, in the order of the file it was made from. Plain JSON data;
 * it stands in the model file, so that prediction needs nothing else.
 */
export interface Encoding {
  /** The column that holds the class. */
  readonly target: string;
  /** Texts that mean "no value", besides the empty one. */
  readonly missing: readonly string[];
  readonly columns: readonly EncodedColumn[];
  /** The training table's other columns: left out by the user, weights, or constant. No feature comes of them. */
  readonly unused: readonly string[];
}

export type EncodedColumn = NumericColumn | CategoricalColumn;

/** One feature: the number, or `fill` where it is missing; and, with `indicator`, a second one: 1 where it is missing. */
export interface NumericColumn {
  readonly name: string;
  readonly kind: 'numeric';
  /** The median of the training samples. */
  readonly fill: number;
  /** Whether the column had missing values in training. */
  readonly indicator: boolean;
}

/** One feature for each level, 1 in the one that holds; a level not seen in training is 0 in all. */
export interface CategoricalColumn {
  readonly name: string;
  readonly kind: 'categorical';
  /** In code-unit order. */
  readonly levels: readonly string[];
  /** Whether a missing value is a level of its own; it comes last. */
  readonly missingLevel: boolean;
}

/** One name for each feature: `age`, `age (missing)`, `workclass=Private`, `workclass (missing)`. */
export function featureNames(encoding: Encoding): string[] {
  return encoding.columns.flatMap((column) =>
    column.kind === 'numeric'
      ? [column.name, ...(column.indicator ? [`${column.name} (missing)`] : [])]
      : [
          ...column.levels.map((level) => `${column.name}=${level}`),
          ...(column.missingLevel ? [`${column.name} (missing)`] : []),
        ],
  );
}

/** How many features a column becomes. */
export function columnWidth(column: EncodedColumn): number {
  return column.kind === 'numeric'
    ? 1 + Number(column.indicator)
    : column.levels.length + Number(column.missingLevel);
}

export function countFeatures(encoding: Encoding): number {
  return encoding.columns.reduce((sum, column) => sum + columnWidth(column), 0);
}

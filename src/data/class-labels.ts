/** A class name as it stands in the data. */
export type ClassLabel = string | number | boolean;

/** Labels as class indices. */
export interface EncodedLabels {
  /** The distinct labels in order: numbers ascending, false before true, texts by code unit (or by value, where all are numbers). */
  readonly classes: readonly ClassLabel[];
  /** nSamples class indices */
  readonly indices: Uint32Array;
}

/**
 * The classes of `y` in order, and the class index of each label, written to `indices`.
 *
 * Texts that are all numbers ("2", "10") sort by their value. Throws a TypeError for labels that are no
 * texts, numbers or booleans, or of mixed kinds, and a RangeError for a number that is not finite.
 */
export function encodeLabels(
  y: ArrayLike<ClassLabel>,
  indices: Uint32Array = new Uint32Array(y.length),
): EncodedLabels {
  const indexOf = new Map<ClassLabel, number>();
  // Most labels are small whole numbers: in a table they are found ten times faster than in the map.
  const indexOfSmall = new Int32Array(SMALL_LABELS).fill(-1);
  for (let i = 0; i < y.length; i++) {
    const label = y[i];
    const small = typeof label === 'number' && label >>> 0 === label && label < SMALL_LABELS;
    let index = small ? indexOfSmall[label] : (indexOf.get(label) ?? -1);
    if (index < 0) {
      expectLabel(label, i, y[0]);
      index = indexOf.size;
      indexOf.set(label, index);
      if (small) indexOfSmall[label] = index;
    }
    indices[i] = index;
  }
  const found = [...indexOf.keys()];
  const order = sortedOrder(found);
  if (order.some((k, rank) => k !== rank)) {
    const rank = new Uint32Array(found.length);
    for (let k = 0; k < order.length; k++) rank[order[k]] = k;
    for (let i = 0; i < indices.length; i++) indices[i] = rank[indices[i]];
  }
  return { classes: order.map((k) => found[k]), indices };
}

const SMALL_LABELS = 1024;

/**
 * The classes that a file's label texts stand for. Where every text is a plain number (`1`, `+1` and
 * `1.0` are the same one; `007` and numbers of more than 15 digits are codes, not numbers) the labels
 * are numbers, otherwise the texts themselves.
 */
export function classesOfTexts(texts: readonly string[], decimal: '.' | ',' = '.'): EncodedLabels {
  const numbers = texts.map((text) => plainNumber(text, decimal));
  return encodeLabels(numbers.every((x) => x !== null) ? numbers : texts);
}

/** The class index of a label, or of a text that stands for one; −1 for what is no class. */
export function classIndexer(
  classes: readonly ClassLabel[],
  decimal: '.' | ',' = '.',
): (label: ClassLabel) => number {
  const indexOf = new Map<ClassLabel, number>(classes.map((label, k) => [label, k]));
  const kind = typeof classes[0];
  return (label) => {
    const direct = indexOf.get(label);
    if (direct !== undefined) return direct;
    if (typeof label !== 'string') return kind === 'string' ? (indexOf.get(String(label)) ?? -1) : -1;
    if (kind === 'number') {
      const value = plainNumber(label, decimal);
      return value === null ? -1 : (indexOf.get(value) ?? -1);
    }
    if (kind === 'boolean')
      return label === 'true' || label === 'false' ? (indexOf.get(label === 'true') ?? -1) : -1;
    return -1;
  };
}

/** Texts in code-unit order, which no locale changes. */
export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const PLAIN_NUMBER = /^[+-]?(?:0|[1-9]\d*)?(?:[.,]\d*)?(?:[eE][+-]?\d{1,3})?$/;

function plainNumber(text: string, decimal: '.' | ','): number | null {
  if (!PLAIN_NUMBER.test(text) || !/\d/.test(text) || text.includes(decimal === '.' ? ',' : '.')) return null;
  if (text.replace(/[eE].*/, '').replace(/\D/g, '').length > 15) return null;
  const value = Number(text.replace(',', '.'));
  // −0 would be a class beside 0.
  return Number.isFinite(value) ? value + 0 : null;
}

function expectLabel(label: unknown, index: number, first: unknown): void {
  const kind = typeof label;
  if (kind !== 'string' && kind !== 'number' && kind !== 'boolean') {
    throw new TypeError(`"y" expected texts, numbers or booleans, got ${String(label)} at y[${index}]`);
  }
  if (kind !== typeof first) {
    throw new TypeError(
      `"y" expected labels of one kind, got a ${typeof first} at y[0] and a ${kind} at y[${index}]`,
    );
  }
  if (kind === 'number' && !Number.isFinite(label)) {
    throw new RangeError(`"y" expected finite numbers, got ${String(label)} at y[${index}]`);
  }
}

function sortedOrder(labels: readonly ClassLabel[]): number[] {
  const order = labels.map((_, k) => k);
  if (typeof labels[0] === 'string') {
    const values = labels.map((label) => plainNumber(String(label), '.'));
    const numeric = values.every((x) => x !== null);
    return order.sort(
      (a, b) =>
        (numeric ? Number(values[a]) - Number(values[b]) : 0) ||
        compareTexts(String(labels[a]), String(labels[b])),
    );
  }
  return order.sort((a, b) => Number(labels[a]) - Number(labels[b]));
}

import { compareTexts } from './class-labels.ts';
import { medianOf } from './column-median.ts';
import type { ColumnSummary } from './column-summary.ts';
import type { EncodedColumn } from './encoding.ts';

/** How one column's slots become features. */
export type SlotColumn = NumericSlot | CategoricalSlot;

export interface NumericSlot {
  readonly kind: 'numeric';
  readonly slot: number;
  readonly feature: number;
  readonly reference: number;
  /** fill − reference */
  readonly fill: number;
  /** Feature of the missing indicator, −1 for none. */
  readonly indicator: number;
  /** Whether all present values are one. */
  readonly constant: boolean;
}

export interface CategoricalSlot {
  readonly kind: 'categorical';
  readonly slot: number;
  readonly feature: number;
  /** The feature of each code, −1 for a level that no training row has. */
  readonly featureOfCode: Int32Array;
  /** The feature of a missing value, −1 for none. */
  readonly missingFeature: number;
  /** Rows of each code, and of missing values */
  readonly counts: Uint32Array;
  readonly missing: number;
}

/** A column with its plan and what the training rows hold in it. */
export interface SummarizedColumn {
  readonly name: string;
  readonly reference: number;
  readonly summary: ColumnSummary;
  /** Levels by code, or null for a numeric column. */
  readonly levels: readonly string[] | null;
}

export interface BuiltEncoding {
  readonly columns: readonly EncodedColumn[];
  readonly slots: readonly SlotColumn[];
  readonly nFeatures: number;
  /** Columns with one value only: they tell nothing and are left out. */
  readonly constant: readonly string[];
}

/** The encoding of the training rows: columns in the order of the file, constant ones left out. */
export function buildEncoding(nRows: number, table: readonly SummarizedColumn[]): BuiltEncoding {
  const columns: EncodedColumn[] = [];
  const slots: SlotColumn[] = [];
  const constant: string[] = [];
  let nFeatures = 0;
  table.forEach(({ name, reference, summary, levels }, slot) => {
    const feature = nFeatures;
    const { missing, least, greatest, counts } = summary;
    if (levels === null || counts === null) {
      if (missing === nRows || (missing === 0 && least === greatest)) {
        constant.push(name);
        return;
      }
      const fill = medianOf(summary.middle, reference);
      columns.push({ name, kind: 'numeric', fill, indicator: missing > 0 });
      const indicator = missing > 0 ? feature + 1 : -1;
      slots.push({
        kind: 'numeric',
        slot,
        feature,
        reference,
        fill: fill - reference,
        indicator,
        constant: least === greatest,
      });
      nFeatures += missing > 0 ? 2 : 1;
      return;
    }
    const order = levels.map((_, code) => code).filter((code) => counts[code] > 0);
    order.sort((a, b) => compareTexts(levels[a], levels[b]));
    if (order.length + Number(missing > 0) < 2) {
      constant.push(name);
      return;
    }
    const featureOfCode = new Int32Array(levels.length).fill(-1);
    order.forEach((code, rank) => {
      featureOfCode[code] = feature + rank;
    });
    const missingFeature = missing > 0 ? feature + order.length : -1;
    columns.push({
      name,
      kind: 'categorical',
      levels: order.map((code) => levels[code]),
      missingLevel: missing > 0,
    });
    slots.push({ kind: 'categorical', slot, feature, featureOfCode, missingFeature, counts, missing });
    nFeatures += order.length + Number(missing > 0);
  });
  return { columns, slots, nFeatures, constant };
}

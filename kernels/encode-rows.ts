/**
 * Slots of plain rows → features in double precision, as a model's encoding says. A number, or its column's fill where
 * it is missing, in its place, and 1 in its indicator's; a text's code is the feature that becomes 1.
 */
@unmanaged
class EncodedColumn {
  /** 0: a number in two slots, 1: a code in one */
  kind: u32;
  /** bytes from the row's first slot */
  slot: u32;
  /** of a number; of a code, the feature of a missing text, or −1 */
  feature: i32;
  /** of a missing number, or −1 */
  indicator: i32;
  fill: f64;
}

/** As in kernels/text-codes.ts and src/data/level-codes.ts: codes that are no feature. */
const UNSEEN_CODE: u32 = 0xfffffffe;
const MISSING_CODE: u32 = 0xffffffff;

/** `columns`: nColumns × EncodedColumn; rows: slotBytes each; out: nRows × nFeatures f64, row-major. */
export function encodeRows(
  columns: usize,
  nColumns: u32,
  rows: usize,
  slotBytes: u32,
  nRows: u32,
  out: usize,
  nFeatures: u32,
): void {
  const end = columns + nColumns * offsetof<EncodedColumn>();
  const rowBytes = (<usize>nFeatures) << 3;
  memory.fill(out, 0, nRows * rowBytes);
  for (let i: u32 = 0; i < nRows; i++) {
    for (let address = columns; address < end; address += offsetof<EncodedColumn>()) {
      const column = changetype<EncodedColumn>(address);
      if (column.kind === 0) {
        const x = load<f64>(rows + column.slot);
        const missing = isNaN(x);
        store<f64>(out + ((<usize>column.feature) << 3), missing ? column.fill : x);
        if (missing && column.indicator >= 0) store<f64>(out + ((<usize>column.indicator) << 3), 1);
        continue;
      }
      const code = load<u32>(rows + column.slot);
      const feature = code === MISSING_CODE ? column.feature : code >= UNSEEN_CODE ? -1 : <i32>code;
      if (feature >= 0) store<f64>(out + ((<usize>feature) << 3), 1);
    }
    rows += slotBytes;
    out += rowBytes;
  }
}

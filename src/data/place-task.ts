import type { Pointer } from '../runtime/arena.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { BLOCK_BYTES, suitableRows } from './row-blocks.ts';
import type { RowChunks } from './row-chunks.ts';

/** As in kernels/place-rows.ts: the words of its task. */
const FIELDS = {
  nRows: 0,
  nFeatures: 1,
  double: 2,
  shardFeatures: 3,
  blockRows: 4,
  rows: 5,
  weights: 6,
  sums: 7,
  least: 8,
  greatest: 9,
  mean: 10,
  units: 11,
  squares: 12,
  scale: 13,
  out: 14,
  notFinite: 15,
} as const;

type Field = keyof typeof FIELDS;
type Settable = Exclude<Field, 'nRows' | 'nFeatures' | 'double' | 'shardFeatures' | 'blockRows' | 'rows'>;

/** Of columns: each reads the cache lines of all rows where these are short. */
const MOST_COLUMN_SHARDS = 4;
/** Columns that the sums take together. */
const TOGETHER = 8;

/** The kernels that gather statistics of dense rows and place them. */
export interface PlaceTask {
  /** Whether rows come as f32. */
  readonly single: boolean;
  set(fields: Partial<Record<Settable, Pointer>>): void;
  sumColumns(): void;
  sumDeviations(): void;
  /** Whether every placed value is finite. */
  placeRows(): boolean;
}

/** Runs them chunk by chunk, the next of which is copied meanwhile. */
export function placeTask({ arena, run }: Runtime, chunks: RowChunks, nFeatures: number): PlaceTask {
  const words = arena.allocateU32(16);
  const set = (fields: Partial<Record<Field, number>>) => {
    for (const [field, value] of Object.entries(fields)) words[FIELDS[field as Field]] = value;
  };
  const rowBytes = nFeatures * (chunks.single ? 4 : 8);
  const blockRows = suitableRows(rowBytes, BLOCK_BYTES);
  set({ nFeatures, double: chunks.single ? 0 : 1, blockRows });
  const outBytes = Math.ceil(nFeatures / 4) * 16;

  /**
   * Sums alone of rows that are one chunk are left to the thread that has just copied it into its cache: of 1 797 × 64 they
   * took it 21 µs, and 36 with a second one, which has to fetch its columns.
   */
  function featuresOfShard(kernel: string): number {
    const isNear = kernel === 'sumColumns' && chunks.isOne && words[FIELDS.least] === 0;
    return Math.ceil(nFeatures / (TOGETHER * (isNear ? 1 : MOST_COLUMN_SHARDS))) * TOGETHER;
  }

  function eachChunk(kernel: 'sumColumns' | 'sumDeviations' | 'placeRows') {
    const shardFeatures = featuresOfShard(kernel);
    set({ shardFeatures });
    const { weights, out } = { weights: words[FIELDS.weights], out: words[FIELDS.out] };
    chunks.each(({ firstRow, nRows, rows }, copyNext) => {
      set({ nRows, rows, weights: weights && weights + firstRow * 8, out: out + firstRow * outBytes });
      const nShards = kernel === 'placeRows' ? nRows / blockRows : nFeatures / shardFeatures;
      const options = copyNext === null ? {} : { meanwhile: copyNext };
      run(kernel, words.byteOffset, Math.ceil(nShards), options);
    });
    set({ weights, out });
  }

  return {
    single: chunks.single,
    set,
    sumColumns: () => eachChunk('sumColumns'),
    sumDeviations: () => eachChunk('sumDeviations'),
    placeRows() {
      eachChunk('placeRows');
      return words[FIELDS.notFinite] === 0;
    },
  };
}

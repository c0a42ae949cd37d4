import type { Pointer } from '../runtime/arena.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { SIDE_BY_SIDE } from './slot-rows.ts';

/** Slots are taken by so many bytes: few first, so that a small table costs little. */
const FIRST_BYTES = 1 << 16;
const NEXT_BYTES = 1 << 20;

/** Rows of slots, and behind them room for the columns beside the last ones, in one block at the end of the arena, which grows with them. */
export class SlotBlock {
  readonly pointer: Pointer;
  /** Bytes of the block, some of them room for rows that did not come. */
  bytes = 0;
  private readonly runtime: Runtime;
  private readonly nColumns: number;
  private used = 0;
  private f32: Float32Array = new Float32Array(0);
  private u32: Uint32Array = new Uint32Array(0);

  constructor(runtime: Runtime, nColumns: number) {
    this.runtime = runtime;
    this.nColumns = nColumns;
    this.pointer = runtime.arena.mark();
  }

  /** A new row, and where it begins in the block. */
  next(): { readonly f32: Float32Array; readonly u32: Uint32Array; readonly begin: number } {
    const begin = this.used;
    this.reserve(this.nColumns);
    this.used += this.nColumns;
    return { f32: this.f32, u32: this.u32, begin };
  }

  /** Appends rows that lie in the arena. */
  append(rows: Uint32Array): void {
    this.reserve(rows.length);
    const { kernels } = this.runtime;
    kernels.copyBytes(rows.byteOffset, this.pointer + this.used * 4, rows.length * 4);
    this.used += rows.length;
  }

  private reserve(words: number): void {
    if (this.used + words + SIDE_BY_SIDE <= this.u32.length) return;
    const wanted = Math.max((words + SIDE_BY_SIDE) * 4, this.bytes === 0 ? FIRST_BYTES : NEXT_BYTES);
    const bytes = Math.ceil(wanted / 64) * 64;
    const { arena } = this.runtime;
    arena.allocateUnset(bytes);
    this.bytes += bytes;
    this.f32 = arena.f32(this.pointer, this.bytes / 4);
    this.u32 = arena.u32(this.pointer, this.bytes / 4);
  }
}

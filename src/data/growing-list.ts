/** A typed array that grows at its end. */
export class GrowingU32 {
  length = 0;
  private items = new Uint32Array(64);

  push(value: number): void {
    if (this.length === this.items.length) {
      const larger = new Uint32Array(this.length * 2);
      larger.set(this.items);
      this.items = larger;
    }
    this.items[this.length++] = value;
  }

  at(index: number): number {
    return this.items[index];
  }

  /** The items so far; shares their memory until the next push. */
  view(): Uint32Array<ArrayBuffer> {
    return this.items.subarray(0, this.length);
  }
}

export class GrowingF64 {
  length = 0;
  private items = new Float64Array(64);

  push(value: number): void {
    if (this.length === this.items.length) {
      const larger = new Float64Array(this.length * 2);
      larger.set(this.items);
      this.items = larger;
    }
    this.items[this.length++] = value;
  }

  view(): Float64Array<ArrayBuffer> {
    return this.items.subarray(0, this.length);
  }
}

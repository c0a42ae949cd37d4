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

  append(values: Uint32Array): void {
    const length = this.length + values.length;
    if (length > this.items.length) {
      const larger = new Uint32Array(Math.max(length, this.length * 2));
      larger.set(this.view());
      this.items = larger;
    }
    this.items.set(values, this.length);
    this.length = length;
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

  append(values: Float64Array): void {
    const length = this.length + values.length;
    if (length > this.items.length) {
      const larger = new Float64Array(Math.max(length, this.length * 2));
      larger.set(this.view());
      this.items = larger;
    }
    this.items.set(values, this.length);
    this.length = length;
  }

  view(): Float64Array<ArrayBuffer> {
    return this.items.subarray(0, this.length);
  }
}

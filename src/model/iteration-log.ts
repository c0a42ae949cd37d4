import type { Iteration } from '../solvers/solver.ts';

/** The iterations of a fit so far. Each reader gets all of them, from the first, and waits for new ones. */
export class IterationLog {
  readonly #iterations: Iteration[] = [];
  #waiting: (() => void)[] = [];
  #end: { readonly error?: unknown } | null = null;

  add(iteration: Iteration): void {
    this.#iterations.push(iteration);
    this.#wake();
  }

  /** No more come; with `error`, readers throw it after the last one. */
  close(end: { readonly error?: unknown } = {}): void {
    this.#end = end;
    this.#wake();
  }

  async *iterate(): AsyncGenerator<Iteration, void, void> {
    for (let i = 0; ; i++) {
      while (i === this.#iterations.length) {
        if (this.#end !== null) {
          if ('error' in this.#end) throw this.#end.error;
          return;
        }
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
      }
      yield this.#iterations[i];
    }
  }

  #wake() {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }
}
